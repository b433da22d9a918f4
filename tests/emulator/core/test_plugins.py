"""Programs of other projects: their Python, and the plugins of other providers."""

from __future__ import annotations

import functools
import http.server
import io
import json
import os
import shutil
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import plugins, program
from emulator.home import Home
from emulator.plugins import FOLDERS
from emulator.program import Plugin, ProgramError
from emulator.provider.schema_cache import sdk_version
from emulator.pulumi import program_of_others

CANARY = Plugin("canary", "1.2.3", package="pulumi_canary")
FOLDER = "resource-canary-v1.2.3"
BINARY = "pulumi-resource-canary"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def pulumi() -> Path:
    found = shutil.which("pulumi", path=str(Path(sys.executable).parent))
    assert found is not None, "no Pulumi CLI: run `make setup`"
    return Path(found)


def world(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a caller who has nothing in the own ~/.pulumi, and no way out."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder / "user"), "no_proxy": "127.0.0.1", **variables}


def archive() -> bytes:
    content, buffer = b"#!/bin/sh\n", io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo(BINARY)
        entry.size, entry.mode = len(content), 0o755
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def given(folder: Path, kind: str) -> Path:
    """A folder with the plugin as Pulumi publishes it, or as it lies in a ~/.pulumi/plugins."""
    folder.mkdir(parents=True)
    if kind == "archive":
        (folder / plugins.archive(CANARY)).write_bytes(archive())
    else:
        (folder / FOLDER).mkdir()
        (folder / FOLDER / BINARY).write_text("#!/bin/sh\n")
        (folder / FOLDER / BINARY).chmod(0o755)
    return folder


@pytest.mark.parametrize("kind", ["archive", "folder"])
@pytest.mark.parametrize("place", ["given", "own"])
def test_a_plugin_comes_from_a_given_folder_or_the_callers_own_pulumi(
    home: Home, pulumi: Path, tmp_path: Path, kind: str, place: str
) -> None:
    variables = {FOLDERS: str(given(tmp_path / "given", kind))} if place == "given" else {}
    if place == "own":
        given(tmp_path / "user" / ".pulumi" / "plugins", kind)
    assert not plugins.ensure(home, pulumi, [CANARY], world(tmp_path, **variables))
    assert os.access(home.pulumi_home / "plugins" / FOLDER / BINARY, os.X_OK)
    assert not plugins.ensure(home, Path("/nothing"), [CANARY], {})  # it is there: no command is run


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[str]:
    folder = given(tmp_path / "published", "archive")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_plugin_is_downloaded_where_it_is_published(
    home: Home, pulumi: Path, tmp_path: Path, downloads: str
) -> None:
    plugin = Plugin("canary", "1.2.3", downloads, "pulumi_canary")
    assert not plugins.ensure(home, pulumi, [plugin], world(tmp_path))
    assert os.access(home.pulumi_home / "plugins" / FOLDER / BINARY, os.X_OK)


def test_a_plugin_that_cannot_be_had_is_named_with_what_to_do(
    home: Home, pulumi: Path, tmp_path: Path, downloads: str
) -> None:
    plugin = Plugin("canary", "1.2.4", downloads, "pulumi_canary")
    [said] = plugins.ensure(home, pulumi, [plugin], world(tmp_path))
    for expected in ("pulumi_canary", "canary 1.2.4", "404", FOLDERS, plugins.archive(plugin)):
        assert expected in said
    missing = str(tmp_path / "no-such-folder")
    with pytest.raises(ProgramError, match="no-such-folder, which is no folder"):
        plugins.ensure(home, pulumi, [plugin], world(tmp_path, **{FOLDERS: missing}))


def test_azure_native_of_another_version_is_refused_with_the_right_one(home: Home) -> None:
    assert not plugins.ensure(home, Path("/nothing"), [Plugin("azure-native", sdk_version())], {})
    with pytest.raises(ProgramError, match=f"2.92.0.*pulumi-azure-native=={sdk_version()}"):
        plugins.ensure(home, Path("/nothing"), [Plugin("azure-native", "2.92.0")], {})


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("runtime: {name: python, options: {virtualenv: venv}}", "venv"),
        ("runtime: {name: python, options: {virtualenv: a/b, toolchain: pip}}", "a/b"),
        ("runtime: {name: python, options: {toolchain: uv}}", ".venv"),
        ("runtime: {name: python, options: {toolchain: uv, virtualenv: other}}", "other"),
    ],
)
def test_the_python_is_the_one_that_the_project_names(tmp_path: Path, project: str, expected: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: one\n{project}\n")
    (tmp_path / "pyproject.toml").touch()
    below = tmp_path / "below"
    below.mkdir()
    found = program.read(below)
    assert found is not None and found.root == tmp_path
    assert program.interpreter(found, "") is None
    python = tmp_path / expected / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert program.interpreter(found, "") == python


def test_without_an_environment_the_python_is_the_first_on_path(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: one\nruntime: python\n")
    found = program.read(tmp_path)
    assert found is not None
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "python3").write_text("#!/bin/sh\n")
        (tmp_path / name / "python3").chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")])
    assert program.interpreter(found, path) == tmp_path / "first" / "python3"
    with pytest.raises(ProgramError, match="no python3 or python on PATH"):
        program.interpreter(found, str(tmp_path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("runtime: {name: python, options: {toolchain: conda}}", "toolchain is 'conda'"),
        ("runtime: 3", "runtime is 3"),
        ("runtime: [", "cannot be read"),
        ("", "runtime is None"),
    ],
)
def test_a_project_that_cannot_be_run_is_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(content)
    with pytest.raises(ProgramError, match=r"Pulumi\.yaml.*" + said.replace("'", ".")):
        found = program.read(tmp_path)
        assert found is not None
        program.interpreter(found, "")


def test_the_plugins_of_an_environment_are_those_of_its_packages(tmp_path: Path) -> None:
    package = tmp_path / "pulumi_canary"
    package.mkdir()
    (package / "pulumi-plugin.json").write_text(json.dumps({"resource": True, "version": "v1.2.3"}))
    (tmp_path / "pulumi_policies").mkdir()
    (tmp_path / "pulumi_policies" / "pulumi-plugin.json").write_text(json.dumps({"resource": False}))
    found = {one.name: one for one in program.plugins(Path(sys.executable), tmp_path)}
    assert found.keys() == {
        "canary",
        "azure-native",
    }  # the working directory is on the path, as for a program
    assert found["canary"] == CANARY


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("-C there --color never up --yes", "up"),
        ("--cwd=there preview", "preview"),
        ("-v 9 stack ls", "stack"),
        ("--version", ""),
    ],
)
def test_the_verb_of_a_command(command: str, expected: str) -> None:
    assert program.verb(command.split()) == expected


def test_only_programs_of_this_checkout_run_with_its_own_python_first(tmp_path: Path) -> None:
    checkout = Path(__file__).parents[3]
    assert program_of_others(["pulumi", "up", "-C", str(tmp_path)], checkout)
    assert program_of_others(["python", "program.py"], tmp_path)
    assert not program_of_others(["pulumi", "up", "--cwd", str(checkout)], tmp_path)
    assert not program_of_others(["mlops", "train", "-C", "elsewhere"], checkout / "tests")
