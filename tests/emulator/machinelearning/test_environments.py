"""Building a job's environment: it ends with its job and with the emulator."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from emulator.arm.service import Action
from emulator.errors import AzureError
from emulator.machinelearning import condaenv
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab


@pytest.fixture
def slow(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment whose build does not end."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nsleep 1000\n")
    python.chmod(0o755)
    monkeypatch.setattr(condaenv, "interpreter", lambda _: str(python))
    body = {"properties": {"image": "python:3.11", "condaFile": "dependencies: [pip: [nothing]]\n"}}
    return lab.write(f"{estate.WORKSPACE}/environments/slow/versions/1", body)["id"]


def build_begins(lab: Lab) -> None:
    end = time.monotonic() + 10
    while not [one for one in lab.emulator.processes.running() if one.name.startswith("environment ")]:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_build_ends_with_its_job(lab: Lab, slow: str) -> None:
    lab.command("build", "true", environmentId=slow)
    build_begins(lab)
    lab.emulator.arm.act(Action(f"{estate.WORKSPACE}/jobs/build", "cancel", {}, {}, {}, None))
    assert lab.until("build", seconds=5) == "Canceled"
    assert lab.emulator.processes.running() == []


def test_a_build_that_the_emulator_cut_off_is_no_failure(lab: Lab, slow: str) -> None:
    lab.command("build", "true", environmentId=slow)
    build_begins(lab)
    began = time.monotonic()
    lab.emulator.close()
    assert time.monotonic() - began < 5
    lab.start()
    build_begins(lab)
    assert lab.status("build") == "Preparing"


def test_a_conda_file_on_an_emulated_image_is_refused(lab: Lab) -> None:
    body = {"properties": {"image": "acr.azurecr.io/a:1", "condaFile": "dependencies: [python]\n"}}
    environment = lab.write(f"{estate.WORKSPACE}/environments/both/versions/1", body)["id"]
    with pytest.raises(AzureError, match=r"on top of image acr\.azurecr\.io/a:1 is not emulated"):
        lab.command("both", "true", environmentId=environment)
