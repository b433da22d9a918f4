"""Bad input ends a command before anything is asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml import settings
from ml.terminal.subjects import app
from tests.ml.cli.commands import COMMANDS, runner

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
