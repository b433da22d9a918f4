"""What the demo asks of the world around its commands: the stack files, the emulator's status."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from demo import stacks
from demo.phases import EMULATOR, PROMOTED_TO, RUN, STACKS
from infra.environments import stack_file

ROOT = Path(__file__).resolve().parents[1]

KEPT = {"key_vault": "recoverKeyVault", "gateway": "recoverGateway"}
"""What Azure keeps when it is deleted, and the setting that brings it back."""


def fingerprints() -> dict[str, str]:
    """sha256 of each stack file, by its name."""
    files = [stack_file(stack) for stack in STACKS]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def status() -> dict[str, Any]:
    """What `emulator status` says. RuntimeError with its words when it is not healthy."""
    done = subprocess.run([*EMULATOR, "status", "--json"], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"`emulator status` exited with {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def running() -> bool:
    """Whether an emulator runs already."""
    return subprocess.run([*EMULATOR, "status"], capture_output=True, cwd=ROOT).returncode == 0


def to_recover() -> dict[str, tuple[str, ...]]:
    """By stack, the settings that bring back what was deleted and is kept, so that its name is taken."""
    deleted = {one["id"].lower().rpartition("/")[2] for one in status()["soft_deleted"]}
    return {
        stack: tuple(
            setting for kind, setting in KEPT.items() if stacks.names(stack).of(kind).lower() in deleted
        )
        for stack in STACKS
    }


def promoter() -> str:
    """The object id of the identity that promotes into production, as the shared stack's outputs say it.

    RuntimeError with Pulumi's words when they cannot be read.
    """
    command = (*RUN, "pulumi", "-C", "infra/bootstrap", "stack", "output", "-s", "shared", "--json")
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"the outputs of the stack shared cannot be read: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)["promoters"][PROMOTED_TO]


def broken_promises(before: dict[str, str]) -> list[str]:
    """What must hold after a demo and does not: calls to hosts outside, changed stack files."""
    try:
        refused = status()["refused_hosts"]
    except RuntimeError as error:
        return [str(error)]
    problems = [f"a call to a host outside was refused: {entry['name']}" for entry in refused]
    after = fingerprints()
    return problems + [f"{name} was changed" for name, digest in before.items() if after[name] != digest]
