import inspect
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import typer
from azure.core.exceptions import HttpResponseError
from rich.console import Console
from typer.testing import CliRunner

from ml import settings
from ml.azure.clients import until_granted
from ml.azure.forbidden import REFUSALS, UNKNOWN, Wait
from ml.cli import FOLDER, asked
from ml.commands import deploy, score, status, train
from ml.errors import MlopsError
from ml.scheduled.table import ROWS
from ml.settings import Metric
from ml.terminal.console import show
from ml.terminal.subjects import SUBJECTS, app
from tests.ml.cli.mlops_fakes import RecordingReport

COMMANDS = {name: each for of in SUBJECTS.values() for name, each in of.items() if callable(each)}
# Those and the parts of groups, as `schedule apply`: what is typed, and the function.
TYPED = COMMANDS | {
    f"{name} {part}": command
    for of in SUBJECTS.values()
    for name, each in of.items()
    if isinstance(each, ModuleType)
    for part, command in each.COMMANDS.items()
}
ROOT = Path(__file__).parents[3]
runner = CliRunner()
# What a command cannot do without, beside its environment.
RELEASE = "r-0123456789abcdef"
NEEDED = {
    "batch": ("--data", "rows.parquet"),
    "edge": ("--to", "context"),
    "labels": ("labels.csv",),
    "approve": (RELEASE, "--reason", "fine"),
    "manifests": (RELEASE,),
    "promote": (RELEASE,),
    "rollback": ("--reason", "slow"),
    "forget": ("--key", "k-1", "--reason", "request 12"),
}


def text(renderable: Any) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(renderable)
    return console.export_text()


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help_json_and_an_environment(command: str):
    said = runner.invoke(app, [command, "--help"], env={"COLUMNS": "120"}).output
    assert "--json" in said and "--env" in said


def test_every_file_of_the_commands_is_a_command():
    files = (Path(settings.__file__).parent / "commands").glob("*.py")
    assert {file.stem for file in files} - {"__init__"} == set(COMMANDS)


@pytest.mark.parametrize("command", TYPED)
def test_the_terminal_alone_breaks_the_lines_of_a_commands_help(command: str):
    """And no word is lost: what stands in brackets would be taken for markup."""
    said = runner.invoke(app, [*command.split(), "--help"], env={"COLUMNS": "1000"}).output
    paragraphs = inspect.cleandoc(TYPED[command].__doc__ or "").split("\n\n")
    assert paragraphs[0]
    for paragraph in paragraphs:
        assert " ".join(paragraph.split()) in [line.strip() for line in said.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_explained_in_whole_sentences(command: str):
    made = typer.main.get_command(app).commands[command]  # pyright: ignore[reportAttributeAccessIssue]
    told = {option.name: option.help or "" for option in made.params}
    assert {name for name, text in told.items() if not (text[:1].isupper() and text.endswith("."))} == set()


def test_the_help_of_metric_names_all_of_them():
    told = runner.invoke(app, ["train", "--help"], env={"COLUMNS": "300"}).output
    assert [name for name in get_args(Metric) if name not in told] == []


def test_the_help_of_schedules_names_all_of_them():
    told = runner.invoke(app, ["schedule", "apply", "--help"], env={"COLUMNS": "300"}).output
    assert [row.name for row in ROWS if row.name not in told] == []


def test_the_readme_has_the_commands_by_the_subjects_of_the_help():
    text = (ROOT / "README.md").read_text()
    table = text.partition("| subject | commands | pages |\n")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line and not line.startswith("|---")]
    assert {row[0].lstrip("| "): set(re.findall(r"`([a-z]+)`", row[1])) for row in rows} == {
        subject[0].lower() + subject[1:]: set(commands) for subject, commands in SUBJECTS.items()
    }


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom ml.terminal.subjects import app\n"
        "heavy = {'azure', 'pulumi', 'pandas', 'pyarrow', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bad_data_set_ends_before_anything_is_asked(tmp_path: Any):
    (tmp_path / "x.csv").write_text("id,other\n1,2\n")
    done = runner.invoke(app, ["train", "--env", "stage", "--data", str(tmp_path / "x.csv"), "--json"])
    assert done.exit_code == 1
    assert "does not have the columns" in json.loads(done.stdout)["error"]["problem"]
    assert "Traceback" not in done.output


@pytest.mark.parametrize("margin", ["nan", "inf", "-0.1", "1.5", "much"])
def test_a_margin_that_is_none_is_a_usage_error(margin: str):
    done = runner.invoke(app, ["train", "--env", "stage", f"--margin={margin}"])
    assert done.exit_code == 2
    assert "Invalid value for '--margin'" in done.stderr


def test_an_unknown_metric_is_refused_with_those_that_exist():
    done = runner.invoke(app, ["train", "--env", "stage", "--metric", "auc", "--json"])
    assert done.exit_code == 1
    assert "roc_auc" in json.loads(done.stdout)["error"]["remedy"]


@pytest.fixture
def no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack may not be asked."""

    def asked(*_: Any) -> None:
        raise AssertionError("the stack was asked")

    monkeypatch.setattr("ml.estate.read_estate", asked)


@pytest.mark.usefixtures("no_stack")
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["card", "--output", "/nope/x.html"], "--output /nope/x.html: there is no directory /nope"),
        (["card", "--output", "/"], "--output / is a directory"),
        (["card", "--output", f"/tmp/{'x' * 256}"], f"--output /tmp/{'x' * 256}: File name too long"),
        (["card", "--output", "/tmp/" + "x/" * 2100 + "y"], "File name too long"),
        (["card", "--model", "credit"], "--model 'credit' is neither NAME:VERSION nor latest"),
        (["card", "--model", ":3"], "--model ':3' is neither NAME:VERSION nor latest"),
        (["deploy", "--model", "credit:"], "--model 'credit:' is neither NAME:VERSION nor latest"),
        (["score", "--file", "/nope/rows.csv"], "There is no file /nope/rows.csv"),
        (["doctor", "--env", "nope"], "--env 'nope': there is no Pulumi.nope.yaml; there are stage"),
        (["train", "--override", " "], "--override is no reason: it is empty"),
        (["train", "--override", "x" * 201], "--override is no reason: it has 201 characters, at most 200"),
    ],
)
def test_bad_input_ends_before_anything_is_asked(arguments: list[str], named: str) -> None:
    done = runner.invoke(
        app, [arguments[0], "--env", "stage", *arguments[1:], "--json"], catch_exceptions=False
    )
    assert done.exit_code == 1
    assert named in json.loads(done.stdout)["error"]["problem"]
    assert done.stderr.count("error:") == 1 and "reading the outputs" not in done.stderr


@pytest.mark.usefixtures("no_stack")
@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_wrong_setting_ends_every_command_before_anything_is_asked(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "settings.toml"
    wrong.write_text(settings.FILE.read_text().replace("margin = 0.002", "margin = -1"))
    monkeypatch.setattr(settings, "settings", lambda: settings.read_settings(wrong))
    needed = NEEDED.get(command, ())
    done = runner.invoke(app, [command, "--env", "stage", *needed, "--json"], catch_exceptions=False)
    assert done.exit_code == 1
    assert "training.margin = -1" in done.stdout


def test_a_missing_environment_is_a_usage_error():
    assert runner.invoke(app, ["train"]).exit_code == 2


ANSWER = {
    "job": "train-1",
    "status": "Completed",
    "reused": False,
    "registered": True,
    "model": "credit:2",
    "reason": "auc 0.78 beats 0.77",
    "metrics": {"auc": 0.78, "brier": 0.14},
    "decision": {"metric": "auc", "champion": {"auc": 0.77}, "champion_version": "1"},
}


def test_a_registered_model_is_shown_beside_the_champion():
    said = text(train.render(ANSWER))
    assert "registered credit:2" in said
    assert "0.7800" in said and "0.7700" in said


def test_a_model_that_is_not_better_says_so():
    said = text(train.render({**ANSWER, "registered": False, "model": None, "reason": "[0.1] below margin"}))
    assert "not better: skipped" in said and "[0.1] below margin" in said


def test_a_model_outside_its_bounds_says_so():
    broken = "maximum_calibration_error is 0.05, at most 0.04 is allowed"
    answer = {**ANSWER, "registered": False, "model": None, "reason": broken, "broken_bounds": [broken]}
    said = text(train.render(answer))
    assert "outside its bounds: skipped" in said and broken in said


def test_scores_are_shown_with_their_outliers():
    answer = {
        "address": "http://x:8080",
        "ids": [7, 9],
        "predictions": [{"probability": 0.25, "label": 0}, {"probability": 0.75, "label": 1}],
        "outliers": [{"score": 0.4, "flag": False}, {"score": 0.9, "flag": True}],
        "drift": {
            "status": "collecting",
            "window_rows": 2,
            "window_size": 1000,
            "least_rows": 200,
            "features": {},
        },
        "model": {"name": "credit", "version": "2"},
        "seconds": 0.1,
    }
    said = text(score.render(answer))
    assert "credit:2" in said and "1 flagged as outliers" in said and "http://x:8080" in said
    assert "collecting over 2 of 1000 rows; nothing is said below 200." in said and "PSI" not in said


def test_an_address_and_a_digest_can_be_copied_from_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", "60")
    answer = {
        "address": "http://scoring-stage.106024e7e17c58.westeurope.azurecontainer.io:8080",
        "release": "r-1",
        "model": "credit:2",
        "digest": f"sha256:{'ab' * 32}",
        "built": True,
        "smoke_tests": ["health"],
    }
    show(answer, False, lambda: deploy.render(answer))
    said = capsys.readouterr().out
    assert answer["address"] in said and answer["digest"] in said


def test_an_empty_estate_says_what_makes_its_first_model():
    answer = {"environment": "stage", "workspace": "mlw-stage", "models": [], "deployed": None}
    said = text(status.render(answer))
    assert "No model is registered in mlw-stage" in said and "mlops train --env stage" in said
    assert "Nothing is deployed in stage" in said


def test_a_version_that_was_not_better_has_a_line_that_says_why_it_is_registered():
    plain, other = {"model": "credit:1", "tags": {}}, {"model": "credit:2", "tags": {"override": "a [b] c"}}
    answer: dict[str, Any] = {"environment": "stage", "workspace": "mlw-stage", "deployed": None}
    assert "override" not in text(status.render({**answer, "models": [plain]}))
    said = text(status.render({**answer, "models": [other, plain]}))
    assert "\ncredit:2 was not better and is registered by override: a [b] c\n" in said


def test_a_registered_model_is_a_line_of_figures_and_its_release_here():
    tags = {"roc_auc": "0.782", "log_loss": "0.427", "estimator": "forest", "artifact_digest": "sha256:abc"}
    here, elsewhere = {"release-stage": "r-12", "image-crstage": "sha256:def"}, {"release-prod": "r-34"}
    answer = {
        "environment": "stage",
        "workspace": "mlw-stage",
        "models": [{"model": "credit:2", "tags": {**tags, **here}}, {"model": "credit:1", "tags": elsewhere}],
        "deployed": None,
    }
    said = text(status.render(answer))
    assert all(shown in said for shown in ("credit:2", "forest", "0.782", "0.427", "r-12", "credit:1"))
    assert not any(hidden in said for hidden in ("sha256", "r-34"))


class Forbidden:
    """A call that is allowed from its `after`-th time on."""

    def __init__(
        self, after: int, words: str = "no authorization to perform action read over scope /x"
    ) -> None:
        self.calls, self.after, self.words = 0, after, words

    def __call__(self) -> str:
        self.calls += 1
        if self.calls < self.after:
            error = HttpResponseError(self.words)
            error.status_code = 403
            raise error
        return "done"


def test_a_grant_on_its_way_is_waited_for(monkeypatch: pytest.MonkeyPatch, report: RecordingReport):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert until_granted(Forbidden(3), "read x", report, 60) == "done"
    assert len(report.lines) == 1


def test_a_grant_that_does_not_come_ends_with_azures_words(report: RecordingReport):
    with pytest.raises(MlopsError, match="forbids to read x") as caught:
        until_granted(Forbidden(9), "read x", report, 0)
    assert "action read over scope /x" in caught.value.details[0]


@pytest.mark.parametrize(
    "words",
    [
        "This request is not authorized to perform this operation.\nErrorCode:AuthorizationFailure",
        "(Forbidden) Client address is not authorized and caller is not a trusted service.\n"
        'Inner error: {"code": "ForbiddenByFirewall"}',
    ],
)
def test_a_firewall_is_no_missing_role(words: str, report: RecordingReport):
    with pytest.raises(MlopsError, match="firewall of the estate does not let this machine read x") as caught:
        until_granted(Forbidden(9, words), "read x", report, 0)
    assert "networkAccess.allowedRanges" in caught.value.remedy


def test_a_firewall_is_not_waited_for_as_long(monkeypatch: pytest.MonkeyPatch, report: RecordingReport):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    with pytest.raises(MlopsError, match="firewall"):
        until_granted(Forbidden(99, "ForbiddenByFirewall"), "read x", report, 3600)
    assert 30 < sum(slept) <= 60


WAITS = {Wait.GRANT: 3600, Wait.RULE: 60, Wait.NOTHING: 0}


@pytest.mark.parametrize("code", [*REFUSALS, "SomethingNew"])
def test_each_code_has_its_own_waiting_or_none(
    code: str, monkeypatch: pytest.MonkeyPatch, report: RecordingReport
):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    with pytest.raises(MlopsError, match="read x") as caught:
        until_granted(Forbidden(9999, f"(Forbidden) no.\nCode: {code}\nMessage: no."), "read x", report, 3600)
    limit = WAITS[REFUSALS.get(code, UNKNOWN).wait]
    assert limit - 30 < sum(slept) <= limit
    assert ("tried for" in caught.value.problem) is (len(report.lines) == 1) is bool(limit)


@pytest.mark.parametrize(
    ("body", "problem", "remedy"),
    [
        (
            {
                "code": "Forbidden",
                "message": "Operation get is not allowed on a disabled secret.",
                "innererror": {"code": "SecretDisabled"},
            },
            "the secret is disabled",
            "Enable it",
        ),
        (
            {
                "code": "Forbidden",
                "message": "Public network access is disabled and request is not from a trusted "
                "service nor via an approved private link.",
                "innererror": {"code": "ForbiddenByConnection"},
            },
            "reached by its private endpoint alone",
            "inside the network",
        ),
        (
            {"code": "RequestDisallowedByPolicy", "message": "Resource 'x' was disallowed by policy."},
            "A policy of the organisation",
            "exemption",
        ),
    ],
)
def test_a_refusal_for_good_is_named_at_once_from_the_body_that_azure_sends(
    body: dict[str, Any], problem: str, remedy: str, report: RecordingReport
):
    def call() -> None:
        raise HttpResponseError(response=Answered(body))

    with pytest.raises(MlopsError, match=problem) as caught:
        until_granted(call, "read x", report, 3600)
    assert remedy in caught.value.remedy
    assert body["message"] in "\n".join(caught.value.details)
    assert report.lines == []


class Answered:
    """An HTTP answer as azure-core's exceptions read it."""

    status_code, reason, headers = 403, "Forbidden", {}

    def __init__(self, error: dict[str, Any]) -> None:
        self._text = json.dumps({"error": error})

    def text(self, encoding: str | None = None) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()


def test_other_errors_are_not_waited_for(report: RecordingReport):
    def missing() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        until_granted(missing, "read x", report, 60)


@pytest.mark.parametrize("name", ["deploy", "release"])  # a command, and a group of them
def test_a_command_alone_is_the_same_as_among_all(name: str) -> None:
    alone, among = (runner.invoke(one, [name, "--help"]) for one in (asked([name, "--help"]), app))
    assert (alone.exit_code, alone.output) == (among.exit_code, among.output) == (0, alone.output)


def test_every_command_is_a_file_or_a_folder_of_its_name() -> None:
    named = {name for of in SUBJECTS.values() for name in of}
    assert named == {file.stem for file in FOLDER.iterdir() if file.stem.isalpha()}


@pytest.mark.parametrize("words", [[], ["--help"], ["deplyo"], ["__pycache__"], ["__init__"], ["../deploy"]])
def test_other_words_are_met_by_all_commands(words: list[str]) -> None:
    assert asked(words) is app


def test_a_command_is_imported_alone() -> None:
    program = (
        "import sys\nfrom ml.cli import asked\nasked(['deploy', '--env', 'stage'])\n"
        "print(sorted(one for one in sys.modules if one.startswith('ml.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['ml.commands.deploy']", "")
