"""Programs of other projects run with the Python that they name, whatever comes first on PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.plugins import FOLDERS
from tests.emulator.engine import Engine

pytestmark = pytest.mark.e2e

PROGRAM = "import sys, only_there, pulumi; pulumi.export('python', sys.prefix)"
HERE = Path(sys.executable).parent


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("others"), Path(__file__).parent)
    engine.emulator("up")
    rest = [one for one in os.environ["PATH"].split(os.pathsep) if Path(one) != HERE]
    engine.environment["PATH"] = os.pathsep.join(rest)  # as for a caller who has activated nothing
    yield engine
    engine.emulator("down")


def project(engine: Engine, name: str, options: str) -> Path:
    folder = engine.folder / name
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: {{name: python{options}}}\n")
    (folder / "pyproject.toml").write_text("")
    (folder / "__main__.py").write_text(PROGRAM)
    return folder


def environment(folder: Path) -> Path:
    """A virtual environment with this one's packages and one of its own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    ours = next(HERE.parent.glob("lib/python*/site-packages"))
    (packages / "ours.pth").write_text(f"{ours}\n")
    (packages / "only_there.py").touch()
    return packages


@pytest.mark.parametrize(
    ("name", "options", "folder"),
    [
        ("named", ", options: {virtualenv: environment}", "environment"),
        ("uv", ", options: {toolchain: uv}", ".venv"),
        ("activated", "", "somewhere"),
    ],
)
def test_a_program_runs_in_its_own_environment(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str, options: str, folder: str
) -> None:
    place = project(engine, name, options)
    packages = environment(place / folder)
    if not options:
        path = f"{place / folder / 'bin'}{os.pathsep}{engine.environment['PATH']}"
        monkeypatch.setitem(engine.environment, "PATH", path)
    engine.init(name, "test")
    if name == "named":  # a package of another provider: its plugin is installed before Pulumi looks for it
        (packages / "pulumi_canary").mkdir()
        named = {"resource": True, "name": "canary", "version": "1.2.3"}
        (packages / "pulumi_canary" / "pulumi-plugin.json").write_text(json.dumps(named))
        given = engine.folder / "plugins" / "resource-canary-v1.2.3"
        given.mkdir(parents=True)
        (given / "pulumi-resource-canary").write_text("#!/bin/sh\n")
        monkeypatch.setitem(engine.environment, FOLDERS, str(given.parent))
    engine.up(program=name)
    assert engine.pulumi(name, "stack", "output", "python").strip().startswith(str(place / folder))


def test_a_plugin_that_is_nowhere_is_named_and_stops_no_program_without_its_resources(engine: Engine) -> None:
    place = project(engine, "lacking", ", options: {virtualenv: environment}")
    package = environment(place / "environment") / "pulumi_canary"
    package.mkdir()
    named = {"resource": True, "name": "canary", "version": "9.9.9", "server": "http://127.0.0.1:9"}
    (package / "pulumi-plugin.json").write_text(json.dumps(named))
    engine.init("lacking", "test")
    said = engine.pulumi("lacking", "preview")
    assert "needs the plugin canary 9.9.9" in said and FOLDERS in said


def test_a_missing_environment_of_another_tool_is_told_with_what_makes_it(engine: Engine) -> None:
    project(engine, "unmade", ", options: {toolchain: uv}")
    engine.init("unmade", "test")
    said = engine.pulumi("unmade", "preview", check=False)
    assert "Pulumi.yaml" in said and "environment" in said
