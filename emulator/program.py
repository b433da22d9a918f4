"""A Pulumi program of another project: the Python that runs it, and the plugins that its packages need."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import yaml

PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")

# Commands that run a program or need its providers, in each of Pulumi's spellings.
RUNNING: Final = frozenset(
    {"up", "update", "preview", "pre", "watch", "refresh", "destroy", "down", "dn", "import"}
)
CREATING: Final = frozenset({"up", "update", "preview", "pre", "watch"})
# Flags in front of a command that take a value as a word of its own.
VALUED: Final = frozenset(
    {"-C", "--cwd", "--color", "-v", "--verbose", "--tracing", "--profiling", "--memprofilerate"}
    | {"--otel-traces"}
)
# What uv takes for the root of a project, and so for the place of its .venv.
UV_FILES: Final = ("uv.lock", "pyproject.toml")

# Run by the program's own Python: its packages that name a plugin, in the order of its path.
LISTING: Final = """
import importlib.metadata, json, pathlib, sys
found = {}
for folder in sys.path:
    for file in sorted(pathlib.Path(folder or ".").glob("pulumi_*/pulumi-plugin.json")):
        one = json.loads(file.read_text())
        package = file.parent.name
        if one.get("resource", True) and package not in found:
            version = one.get("version") or importlib.metadata.version(package)
            name = one.get("name") or package.removeprefix("pulumi_").replace("_", "-")
            found[package] = {"name": name, "version": version, "server": one.get("server") or ""}
print(json.dumps(found))
"""


class ProgramError(Exception):
    """A program that cannot be run as it is; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A resource plugin; ``package`` is the Python package that asks for it, ``server`` "" for Pulumi's."""

    name: str
    version: str
    server: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """root: where the project file stands; directory: the program's working directory."""

    file: Path
    directory: Path
    runtime: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def root(self) -> Path:
        return self.file.parent


def verb(command: Sequence[str]) -> str:
    """The first word of a ``pulumi`` command (without ``pulumi``) that is no flag or its value."""
    words = iter(command)
    for word in words:
        if word in VALUED:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def read(directory: Path) -> Program | None:
    """The project of a directory or one above it; None outside of projects. ProgramError."""
    files = (path / name for path in (directory, *directory.parents) for name in PROJECT_FILES)
    file = next((path for path in files if path.is_file()), None)
    if file is None:
        return None
    try:
        content: Any = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProgramError(f"{file} cannot be read: {error}") from error
    runtime: Any = cast("dict[str, Any]", content).get("runtime") if isinstance(content, dict) else None
    if isinstance(runtime, str):
        return Program(file, directory, runtime)
    if not isinstance(runtime, dict):
        raise ProgramError(f"{file}: runtime is {runtime!r}: write a name, or a table with name and options")
    table = cast("dict[str, Any]", runtime)
    return Program(file, directory, str(table.get("name", "")), table.get("options") or {})


def interpreter(program: Program, path: str) -> Path | None:
    """The Python that Pulumi runs the program with; None while its environment has not been made.

    ``path`` is the PATH that the program will see. ProgramError for options that Pulumi does not know.
    """
    toolchain = str(program.options.get("toolchain") or "pip").lower()
    virtualenv = str(program.options.get("virtualenv") or "")
    if toolchain == "uv":
        above = (program.directory, *program.directory.parents)
        base = next((one for one in above if any((one / name).is_file() for name in UV_FILES)), program.root)
        folder = program.root / virtualenv if virtualenv else base / ".venv"
    elif toolchain == "poetry":
        folder = _poetry(program, path)
    elif toolchain != "pip":
        raise ProgramError(f"{program.file}: toolchain is {toolchain!r}: use one of pip, poetry, uv")
    elif virtualenv:
        folder = program.root / virtualenv
    else:
        named = os.environ.get("PULUMI_PYTHON_CMD")
        names = [named] if named else ["python3", "python"]
        found = next((one for one in (shutil.which(name, path=path) for name in names) if one), None)
        if found is None:
            raise ProgramError(f"{program.file}: there is no {' or '.join(names)} on PATH to run it with")
        return Path(found)
    python = folder / "bin" / "python"
    return python if python.exists() else None


def _poetry(program: Program, path: str) -> Path:
    poetry = shutil.which("poetry", path=path)
    if poetry is None:
        raise ProgramError(f"{program.file}: toolchain is 'poetry', and there is no poetry on PATH")
    done = subprocess.run(
        [poetry, "env", "info", "--path"], cwd=program.directory, capture_output=True, text=True
    )
    return Path(done.stdout.strip() or "missing")


def install(program: Program, pulumi: Path, environment: Mapping[str, str]) -> None:
    """Make the environment that the project names, with what it requires, as ``pulumi install`` does it.

    ``environment`` is one that reaches the world outside. ProgramError with what to run by hand.
    """
    command = [str(pulumi), "install", "--no-plugins", "--non-interactive", "--color", "never"]
    print(f"{program.file}: its environment is missing and is made: pulumi install", file=sys.stderr)
    done = subprocess.run(
        command,
        cwd=program.directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise ProgramError(
            f"{program.file}: `pulumi install` exited with {done.returncode}, so its environment is missing "
            f"or incomplete. Make it by hand (see runtime.options there), or remove it before another try"
        )


def plugins(python: Path, directory: Path) -> Iterator[Plugin]:
    """The plugins that the packages of an interpreter ask for. ProgramError when it does not run."""
    try:
        done = subprocess.run(
            [str(python), "-c", LISTING], cwd=directory, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise ProgramError(f"{python} does not run: {error}") from error
    if done.returncode:
        raise ProgramError(f"{python} does not run: {done.stderr.strip()[-500:]}")
    for package, found in json.loads(done.stdout).items():
        yield Plugin(found["name"], found["version"].removeprefix("v"), found["server"], package)
