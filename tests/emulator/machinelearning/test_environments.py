"""Building a job's environment: it ends with its job and with the emulator."""

from __future__ import annotations

import os
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


@pytest.fixture
def shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder first on PATH, in which only a version manager's shims answer; the Pythons behind are gone."""
    folder = tmp_path / "shims"
    folder.mkdir()
    for version in ("3.8", "3.9"):
        shim(folder, version, f"echo 'pyenv: python{version}: command not found' >&2; exit 127")
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), "/usr/bin", "/bin"]))
    monkeypatch.delenv("EMULATOR_OUTSIDE", raising=False)
    return folder


def shim(folder: Path, version: str, line: str) -> None:
    path = folder / f"python{version}"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def asks_for(python: str) -> str:
    return condaenv.parse("odd", f"dependencies: ['{python}', pip]\n").python


def test_a_python_of_which_only_a_shim_answers_is_refused(shims: Path) -> None:
    with pytest.raises(condaenv.EnvironmentProblem) as caught:
        asks_for("python=3.8")
    assert str(caught.value) == (
        f"odd: its conda file asks for Python 3.8, and {shims}/python3.8 does not run: pyenv: python3.8: "
        f"command not found. Install it, or ask for {condaenv.OWN}."
    )
    shim(shims, "3.9", "echo 3.12")
    with pytest.raises(condaenv.EnvironmentProblem, match=r"python3\.9 is Python 3\.12\. Install it"):
        asks_for("python=3.9")


def test_a_python_behind_a_shim_and_one_installed_meanwhile_are_found(
    shims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = tmp_path / "behind"
    behind.mkdir()
    shim(behind, "3.8", "echo 3.8")
    with pytest.raises(condaenv.EnvironmentProblem):
        asks_for("python=3.8")
    monkeypatch.setenv("PATH", os.pathsep.join([str(shims), str(behind)]))
    assert asks_for("python=3.8") == "3.8"
    assert condaenv.interpreter("3.8") == str(behind / "python3.8")


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("python", ""),
        ("python=*", ""),
        ("python>=3.8", condaenv.OWN),
        ("conda-forge::python >=3.9,<4", condaenv.OWN),
        (f"python=={condaenv.OWN}.0", condaenv.OWN),
        (f"python {condaenv.OWN}.*", condaenv.OWN),
        ("python=3", "3"),
    ],
)
def test_a_range_of_pythons_is_this_one_where_it_may_be(asked: str, taken: str) -> None:
    assert asks_for(asked) == taken


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("python<3.9", r"asks for Python <3\.9, and none such runs here\. Install one, or allow 3\."),
        ("python=3.8|3.9", r"asks for Python '=3\.8\|3\.9', which is no version; write 'python=3\."),
        ("python=../evil", r"asks for Python '=\.\./evil', which is no version"),
        ("numpy>=1.2", r"asks conda for 'numpy>=1\.2'"),
    ],
)
def test_other_pythons_are_refused_in_words(shims: Path, asked: str, message: str) -> None:
    with pytest.raises(condaenv.EnvironmentProblem, match=message):
        asks_for(asked)


def test_a_conda_file_on_an_emulated_image_is_refused(lab: Lab) -> None:
    body = {"properties": {"image": "acr.azurecr.io/a:1", "condaFile": "dependencies: [python]\n"}}
    environment = lab.write(f"{estate.WORKSPACE}/environments/both/versions/1", body)["id"]
    with pytest.raises(AzureError, match=r"on top of image acr\.azurecr\.io/a:1 is not emulated"):
        lab.command("both", "true", environmentId=environment)
