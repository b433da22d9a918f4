"""The Pulumi command line on the emulator: its stacks, and a copy of the stack file that it may write to."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from emulator.home import REPOSITORY, Home, write_aside

# Pulumi's own keys at the top of a stack file
SECRETS_KEYS: Final = ("encryptionsalt", "encryptedkey", "secretsprovider")
# this repository's: their stack files are copied, since `pulumi` writes into them
PROJECTS: Final = (REPOSITORY, REPOSITORY / "infra/bootstrap")
NO_DOWNLOADS: Final = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
CONFIG_FILE: Final = "PULUMI_OPTION_CONFIG_FILE"


class PulumiError(Exception):
    """A preparation that failed, with what Pulumi said."""


def stack_of(command: Sequence[str]) -> str | None:
    """The stack that a command names with ``-s`` or ``--stack``."""
    for index, word in enumerate(command):
        if word == "--":
            return None
        if word in ("-s", "--stack"):
            return command[index + 1] if index + 1 < len(command) else None
        if word.startswith("--stack="):
            return word.partition("=")[2]
        if word.startswith("-s") and not word.startswith("--") and len(word) > 2:
            return word[2:].removeprefix("=")
    return None


def directory_of(command: Sequence[str], cwd: Path) -> Path:
    """The directory that a ``pulumi`` command works in."""
    start = cwd
    for index, word in enumerate(command):
        if word in ("-C", "--cwd") and index + 1 < len(command):
            start = cwd / command[index + 1]
        elif word.startswith("--cwd="):
            start = cwd / word.partition("=")[2]
    return start


def project_of(command: Sequence[str], cwd: Path) -> Path | None:
    """The project that a command works on: where ``Pulumi.yaml`` stands, upwards from its directory."""
    start = directory_of(command, cwd)
    return next((path for path in (start, *start.parents) if (path / "Pulumi.yaml").exists()), None)


def prepare(
    home: Home, program: str, command: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """What a client needs of Pulumi: the provider, and for a stack of this repository that stack.

    ``program`` is what ``command`` starts; programs that drive Pulumi themselves need the provider too.
    Returns variables to add to the environment. PulumiError with what Pulumi said.
    """
    home.secret(home.passphrase)
    direct = Path(command[0]).name == "pulumi"
    cli = program if direct else shutil.which("pulumi", path=environment.get("PATH"))
    if cli is None:
        return {}
    _ensure_provider(home, cli)
    stack, project = stack_of(command[1:]), project_of(command[1:], cwd)
    if direct and project is not None:
        check_states(home, project, stack)
    if direct and program_of_others(command, cwd):
        return _ensure_program(home, Path(cli), command[1:], cwd, environment)
    if not direct or stack is None or project is None or project.resolve() not in PROJECTS:
        return {}
    short = stack.rsplit("/", 1)[-1]
    source = project / f"Pulumi.{short}.yaml"
    if not source.exists():
        return {}
    return {CONFIG_FILE: str(config_copy(home, cli, project, short, environment))}


def program_of_others(command: Sequence[str], cwd: Path) -> bool:
    """Whether a command works outside of this repository, so that the caller's own Python comes first."""
    start = directory_of(command[1:], cwd) if Path(command[0]).name == "pulumi" else cwd
    return not start.resolve().is_relative_to(REPOSITORY)


def _ensure_program(
    home: Home, cli: Path, command: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """Make what a program of another project needs before Pulumi looks for it inside.

    Returns variables to add: where a plugin is missing Pulumi shall not ask for it in here, and says itself
    which resource needs it.
    """
    from emulator import foreseen, plugins, program
    from emulator.environment import outside

    if program.verb(command) not in program.RUNNING:
        return {}
    try:
        found = program.read(directory_of(command, cwd).absolute())
        if found is None or found.runtime != "python":
            return {}
        if program.verb(command) in program.CREATING:
            for text in foreseen.warnings(found.directory):
                print(f"emulator: {text}", file=sys.stderr)
        world, path = outside(environment), environment.get("PATH", "")
        python = program.interpreter(found, path)
        if python is None:
            program.install(found, cli, world)
            python = program.interpreter(found, path)
        if python is None:
            raise PulumiError(
                f"{found.file}: `pulumi install` made no environment where its options name one"
            )
        missing = plugins.ensure(home, cli, program.plugins(python, found.directory), world)
    except program.ProgramError as error:
        raise PulumiError(str(error)) from error
    for text in missing:
        print(f"emulator: {text}", file=sys.stderr)
    return {NO_DOWNLOADS: "true"} if missing else {}


def _ensure_provider(home: Home, cli: str) -> None:
    from emulator.provider import install

    try:
        install.ensure(home, Path(cli))
    except install.InstallError as error:
        raise PulumiError(str(error)) from error


def config_copy(home: Home, program: str, project: Path, stack: str, environment: Mapping[str, str]) -> Path:
    """The repository's stack file with the salt of the emulator's own stack, made when it is missing."""
    copy = home.pulumi_config / f"Pulumi.{stack}.yaml"
    salt = _salt(copy.read_text()) if copy.exists() else ""
    state = state_file(home, project, stack)
    if state.exists():
        checked_state(state)
    if not state.exists():
        salt = _init(program, project, stack, environment)
    else:
        salt = salt or _salt_of_state(state)
    lines = _without_secrets_settings((project / f"Pulumi.{stack}.yaml").read_text())
    write_aside(copy, f"{lines.rstrip()}\nencryptionsalt: {salt}\n".encode())
    return copy


def state_file(home: Home, project: Path, stack: str) -> Path:
    """Where the file backend keeps a stack."""
    found = re.search(r"^name:\s*(\S+)", (project / "Pulumi.yaml").read_text(), re.MULTILINE)
    if found is None:
        raise PulumiError(f"{project / 'Pulumi.yaml'} has no name")
    name = found[1].strip("\"'")
    return home.pulumi_state / ".pulumi" / "stacks" / name / f"{stack}.json"


def check_states(home: Home, project: Path, stack: str | None) -> None:
    """PulumiError when the state of that stack, or without one of any of the project's, cannot be read."""
    name = stack.rsplit("/", 1)[-1] if stack else "*"
    for state in sorted(state_file(home, project, "any").parent.glob(f"{name}.json")):
        checked_state(state)


def _init(program: str, project: Path, stack: str, environment: Mapping[str, str]) -> str:
    """``pulumi stack init`` in a scratch copy of the project; the salt that it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        shutil.copyfile(project / "Pulumi.yaml", scratch / "Pulumi.yaml")
        init = [program, "stack", "init", stack, "--non-interactive", "--color", "never"]
        done = subprocess.run(init, cwd=scratch, env=dict(environment), capture_output=True, text=True)
        if done.returncode:
            raise PulumiError(
                f"`{' '.join(init)}` exited with {done.returncode}: "
                f"{done.stderr.strip() or done.stdout.strip()}"
            )
        salt = _salt((scratch / f"Pulumi.{stack}.yaml").read_text())
    if not salt:
        raise PulumiError(f"`pulumi stack init {stack}` wrote no encryptionsalt")
    return salt


def _salt(text: str) -> str:
    found = re.search(r"^encryptionsalt:\s*(\S+)\s*$", text, re.MULTILINE)
    return found[1] if found else ""


def checked_state(state: Path) -> dict[str, Any]:
    """The content of a stack's state; PulumiError when the file is cut off or no state."""
    try:
        content = json.loads(state.read_bytes())
    except ValueError as error:
        raise PulumiError(_broken(state, str(error))) from error
    if not isinstance(content, dict) or "checkpoint" not in content:
        raise PulumiError(_broken(state, "it has no checkpoint"))
    return content


def _broken(state: Path, why: str) -> str:
    backup = state.with_name(f"{state.name}.bak")
    try:
        json.loads(backup.read_bytes())
    except (OSError, ValueError):
        remedy = f"There is no {backup.name} that can be read. Remove the stack: rm {state}"
        return f"{state} is damaged ({why}); nothing was run on it. {remedy}"
    return (
        f"{state} is damaged ({why}); nothing was run on it. Pulumi keeps the state before the last one in "
        f"{backup.name}: cp {backup} {state} && pulumi refresh"
    )


def _salt_of_state(state: Path) -> str:
    content = checked_state(state)
    latest = (content.get("checkpoint") or {}).get("latest") or {}
    salt = ((latest.get("secrets_providers") or {}).get("state") or {}).get("salt", "")
    if not salt:
        raise PulumiError(
            f"the salt of the stack in {state} is lost. Remove the stack (it holds no resources) and start "
            "again: "
            f"rm {state}"
        )
    return salt


def _without_secrets_settings(text: str) -> str:
    kept = (
        line for line in text.splitlines() if not line.startswith(tuple(f"{key}:" for key in SECRETS_KEYS))
    )
    return "\n".join(kept)
