"""The workflows: pinned, without secrets, with no more rights than they use; and what they run."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.graph.canonical import load
from tests.infra.golden import FOLDER, GOLDEN
from tools.reviews import main, reviews

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# A gh that notes each call and answers listings from a file, a page for each item.
GH = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
arguments = sys.argv[1:]
if "--method" not in arguments:
    for item in json.loads((here / "listed.json").read_text()):
        print(json.dumps([item]))
    sys.exit()
body = [a.partition("=@")[2] for a in arguments if a.startswith("body=@")]
text = pathlib.Path(body[0]).read_text() if body else ""
calls = here / "calls.json"
known = json.loads(calls.read_text()) if calls.exists() else []
path = next(a for a in arguments if a.startswith("repos/"))
calls.write_text(json.dumps([*known, [arguments[arguments.index("--method") + 1], path, text]]))
"""


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    text = request.param.read_text()
    return text, yaml.safe_load(text)


def test_actions_are_pinned_by_commit_and_say_which_version_that_is(
    workflow: tuple[str, dict[str, Any]],
) -> None:
    lines = [line for line in workflow[0].splitlines() if "uses:" in line]
    assert lines
    assert [
        line for line in lines if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)
    ] == []


def test_no_secret_is_read(workflow: tuple[str, dict[str, Any]]) -> None:
    assert "secrets." not in workflow[0]


def test_rights_are_given_by_job_and_only_those_in_use(workflow: tuple[str, dict[str, Any]]) -> None:
    read = workflow[1]
    assert read["permissions"] in ({}, {"contents": "read"})
    wide = {"id-token": "azure-token", "pull-requests": ".ci/comment", "issues": ".ci/drift-issue"}
    for name, job in read["jobs"].items():
        steps = "\n".join(str(step.get("run", "")) for step in job["steps"])
        for right, level in job.get("permissions", {}).items():
            assert (right, level) == ("contents", "read") or wide[right] in steps, f"{name}: {right}"
            # Whoever may write runs no code of a pull request.
            assert right not in ("pull-requests", "issues") or "make setup" not in steps


def test_no_text_of_others_becomes_a_command(workflow: tuple[str, dict[str, Any]]) -> None:
    for job in workflow[1]["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in str(step.get("run", ""))


def test_every_environment_of_the_repository_is_previewed() -> None:
    for name, job in (("review", "preview"), ("drift", "compare"), ("drift", "issue")):
        read = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())
        assert set(read["jobs"][job]["strategy"]["matrix"]["stack"]) == set(GOLDEN)


@pytest.fixture
def github(tmp_path: Path) -> Path:
    gh = tmp_path / "gh"
    gh.write_text(GH.format(python=sys.executable))
    gh.chmod(0o755)
    return tmp_path


def run(github: Path, listed: list[dict[str, Any]], *command: str) -> list[list[str]]:
    (github / "listed.json").write_text(json.dumps(listed))
    environment = {
        **os.environ,
        "PATH": f"{github}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "o/r",
    }
    subprocess.run(
        [sys.executable, str(ROOT / ".ci" / command[0]), *command[1:]], env=environment, check=True
    )
    calls = github / "calls.json"
    return json.loads(calls.read_text()) if calls.exists() else []


def comment(id_: int, stack: str, login: str = "github-actions[bot]") -> dict[str, Any]:
    body = f"<!-- mlops-estate review of {stack} -->\r\nold"
    return {"id": id_, "user": {"login": login}, "body": body}


@pytest.mark.parametrize(
    ("listed", "method", "path"),
    [
        ([], "POST", "repos/o/r/issues/7/comments"),
        ([comment(1, "prod"), comment(2, "stage")], "PATCH", "repos/o/r/issues/comments/2"),
        ([comment(1, "prod")], "POST", "repos/o/r/issues/7/comments"),
        ([comment(1, "stage", login="somebody")], "POST", "repos/o/r/issues/7/comments"),
    ],
)
def test_a_stack_has_one_comment_which_is_updated(
    github: Path, listed: list[dict[str, Any]], method: str, path: str
) -> None:
    text = "<!-- mlops-estate review of stage -->\nnew `$(x)`\n"
    (github / "review.md").write_text(text)
    assert run(github, listed, "comment", "7", str(github / "review.md")) == [[method, path, text]]


def test_a_text_without_a_marker_is_no_comment(github: Path) -> None:
    (github / "review.md").write_text("anything")
    with pytest.raises(subprocess.CalledProcessError):
        run(github, [], "comment", "7", str(github / "review.md"))


ISSUE = {"number": 5, "title": "Drift: stage is not what the program says", "pull_request": None}


@pytest.mark.parametrize(
    ("listed", "result", "calls"),
    [
        ([], "success", []),
        ([], "failure", [["POST", "repos/o/r/issues"]]),
        ([ISSUE], "failure", [["PATCH", "repos/o/r/issues/5"]]),
        ([ISSUE], "success", [["POST", "repos/o/r/issues/5/comments"], ["PATCH", "repos/o/r/issues/5"]]),
        ([{**ISSUE, "title": "Drift: prod"}], "failure", [["POST", "repos/o/r/issues"]]),
    ],
)
def test_a_stack_has_one_issue_which_is_opened_updated_and_closed(
    github: Path, listed: list[dict[str, Any]], result: str, calls: list[list[str]]
) -> None:
    (github / "issue.md").write_text("It differs.")
    done = run(github, listed, "drift-issue", "stage", result, str(github / "issue.md"))
    assert [call[:2] for call in done] == calls


def test_reviews_of_all_stacks_fit_into_what_the_next_job_takes() -> None:
    heads = {stack: load((FOLDER / f"{stack}.json").read_text()) for stack in GOLDEN}
    texts, good = reviews("HEAD", heads, date(2026, 11, 29))
    assert good
    assert set(texts) == set(GOLDEN)
    everything_is_new, _ = reviews("4b825dc642cb6eb9a060e54bf8d69288fbee4904", heads, date(2026, 11, 29))
    assert "added" in everything_is_new["stage"]
    assert len(json.dumps(everything_is_new, ensure_ascii=False).encode()) < 131_072


def test_what_is_no_commit_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere"]) == 2
    assert "is no commit of this clone" in capsys.readouterr().err
    assert main([]) == 2
    assert main(["--help"]) == 0


CALLS = re.compile(r"(?m)^\s*(?:run: \.venv/bin/)?mlops ([a-z]+)(.*)$")


@pytest.mark.parametrize("name", ["release", "rollback", "retrain"])
def test_workflows_of_releases_call_commands_that_there_are(name: str) -> None:
    """On runners inside the network, one at a time, and never ended in the middle."""
    from ml.terminal.subjects import SUBJECTS

    text = (ROOT / f".github/workflows/{name}.yml").read_text()
    read = yaml.safe_load(text)
    called = [found[1] for found in CALLS.finditer(text)]
    assert called
    assert set(called) <= {name for commands in SUBJECTS.values() for name in commands}
    assert read["concurrency"] == {"group": name, "cancel-in-progress": False}
    for job in read["jobs"].values():
        assert job["environment"]
        assert job["runs-on"][0] == "self-hosted"
        assert job["timeout-minutes"] <= 240


def test_no_workflow_approves_and_a_rollback_waits_for_no_reviewer() -> None:
    assert not any(re.search(r"(?m)^\s*mlops approve", path.read_text()) for path in WORKFLOWS)
    rollback = yaml.safe_load((ROOT / ".github/workflows/rollback.yml").read_text())
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    assert rollback["jobs"]["rollback"]["environment"] != release["jobs"]["promote"]["environment"]
