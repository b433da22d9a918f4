"""The jobs that speak to Azure: what they call, and that one of our commands that fails ends them.

tests/e2e/test_production_line.py runs the same jobs on the emulator; here a program stands for `mlops`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ml.terminal.subjects import SUBJECTS
from tests.e2e.jobs import PROGRAM, Job
from tests.e2e.world import ROOT

JOBS = {
    "build": (Job("release", "build"), {"inputs.release": "", "inputs.model": ""}),
    "build of a given release": (
        Job("release", "build"),
        {"inputs.release": "r-0123456789abcdef", "inputs.model": ""},
    ),
    "build of a registered model": (
        Job("release", "build"),
        {"inputs.release": "", "inputs.model": "credit-default:3"},
    ),
    "promote": (Job("release", "promote"), {"needs.build.outputs.release": "r-0123456789abcdef"}),
    "rollback": (Job("rollback", "rollback"), {"inputs.reason": 'it\'s "odd"; exit 0', "inputs.to": ""}),
    "retrain": (Job("retrain", "retrain"), {}),
    "compare": (Job("drift", "compare"), {"matrix.stack": "prod"}),
    "preview": (Job("review", "preview"), {"matrix.stack": "prod"}),
}
OURS = {f"mlops {name}" for commands in SUBJECTS.values() for name in commands}
SHELL = ("bash", "make", "jq", "tee", "cat", "sleep")  # besides ours, what a job may call
# Notes what it is called with, and answers as the commands do; one of its commands may be told to fail.
STANDS_FOR = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__)
words = sys.argv[1:]
with (here.parents[2] / "calls").open("a") as calls:
    calls.write(json.dumps([here.name, *words]) + "\\n")
name = " ".join([here.name, *words]).strip()
if name.startswith(os.environ.get("FAILS", "nothing")):
    print(json.dumps({{"error": {{"problem": "it failed"}}}}))
    sys.exit(1)
print(json.dumps({{"release": "r-0123456789abcdef", "registered": os.environ.get("REGISTERED", "1") == "1",
                  "reason": "not better"}}))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for place in (".venv/bin/mlops", ".venv/bin/pulumi", ".ci/azure-token"):
        program = tmp_path / place
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(STANDS_FOR.format(python=sys.executable))
        program.chmod(0o755)
    (tmp_path / ".ci/azure-token").write_text("#!/bin/sh\n")
    (tmp_path / "Makefile").write_text("setup:\n")
    (tmp_path / "path").mkdir()
    for name in SHELL:
        (tmp_path / "path" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def done(name: str, checkout: Path, **variables: str) -> tuple[dict[str, Any], list[list[str]]]:
    """How the job ended, and the calls of `mlops` and `pulumi`."""
    job, given = JOBS[name]
    repository = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "PULUMI_BACKEND_URL": "file://x"}
    path = {"PATH": str(checkout / "path")}  # what is not on it cannot be called
    ran = subprocess.run(
        [sys.executable, str(PROGRAM)],
        input=json.dumps(job.asked(checkout, given)),
        env={**os.environ, **repository, **path, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    calls = checkout / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    return json.loads(ran.stdout), [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_well_when_all_of_its_commands_do(checkout: Path, name: str) -> None:
    ran, calls = done(name, checkout)
    assert not ran["failed"], ran
    assert {" ".join(one[:2]) for one in calls} <= {"pulumi preview", *OURS}
    assert calls


@pytest.mark.parametrize("name", JOBS)
def test_a_command_that_fails_ends_its_job(checkout: Path, name: str) -> None:
    """GitHub's shell of a step that names none does not look at the first command of a pipe."""
    _, calls = done(name, checkout)
    for call in {" ".join(one[:2]) for one in calls}:
        ran, _ = done(name, checkout, FAILS=call)
        assert ran["failed"], f"{call} failed, and the job went on: {ran}"


def test_a_registered_model_is_built_without_a_training(checkout: Path) -> None:
    _, calls = done("build of a registered model", checkout)
    assert calls[0][1:6] == ["deploy", "--env", "stage", "--model", "credit-default:3"]


def test_a_model_that_is_not_better_ends_a_retraining_well(checkout: Path) -> None:
    ran, calls = done("retrain", checkout, REGISTERED="0")
    assert not ran["failed"]
    assert "not better" in ran["summary"]
    assert [one[1] for one in calls] == ["train"]


def test_the_token_of_a_job_is_kept_as_it_is(checkout: Path, tmp_path: Path) -> None:
    """Microsoft Entra ID takes an assertion to its last character."""
    (tmp_path / "given").write_text("head.body.signature")
    shutil.copy(ROOT / ".ci/azure-token", checkout / ".ci/azure-token")
    for name in ("curl", "env", "od", "tr"):
        (checkout / "path" / name).symlink_to(str(shutil.which(name)))
    program = checkout / ".venv/bin/mlops"
    program.write_text('#!/bin/bash\necho "<$(od -An -c "$AZURE_FEDERATED_TOKEN_FILE" | tr -d " \\n")>"\n')
    ran, _ = done("promote", checkout, AZURE_FEDERATED_TOKEN_FILE=str(tmp_path / "given"))
    assert [one["code"] for one in ran["steps"]] == [0] * 4, ran
    assert ran["steps"][-1]["said"] == "<head.body.signature>\n"


def test_a_reason_is_passed_on_as_it_is(checkout: Path) -> None:
    _, calls = done("rollback", checkout)
    assert calls[0] == ["mlops", "rollback", "--env", "prod", "--reason", 'it\'s "odd"; exit 0']
