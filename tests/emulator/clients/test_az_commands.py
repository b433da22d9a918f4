"""A hundred commands of the Azure command line: none fails unexpectedly, hangs or shows a traceback."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Any

import pytest

from emulator.identity.directory import ENGINEERS, SIGNED_IN, SUBSCRIPTIONS

from .conftest import ROOT, World

pytestmark = pytest.mark.e2e

COMMANDS = Path(__file__).with_name("az_commands.txt").read_text().splitlines()
RUNNER = Path(__file__).with_name("az_runner.py")
INSTALLER = ROOT / "tools" / "bootstrap" / "azure_cli.py"
STAGE = next(iter(SUBSCRIPTIONS))
SCOPE = f"/subscriptions/{STAGE}/resourceGroups/g1"
LIMIT_S = 1200
ROLE = {
    "Name": "estate-reader",
    "Description": "",
    "Actions": ["*/read"],
    "NotActions": [],
    "DataActions": [],
    "NotDataActions": [],
    "AssignableScopes": [f"/subscriptions/{STAGE}"],
}
RULE = {"if": {"field": "tags", "exists": "false"}, "then": {"effect": "audit"}}


def words(folder: Path) -> dict[str, str]:
    """What the commands' $words stand for; the files that they name are made."""
    (folder / "role").write_text(json.dumps(ROLE))
    (folder / "policy").write_text(json.dumps(RULE))
    (folder / "file").write_text("some bytes")
    (folder / "context").mkdir()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "context" / "Dockerfile").write_text(f"FROM python:{version}-slim\nRUN echo from inside\n")
    return {
        **{name: str(folder / name) for name in ("role", "policy", "file", "context")},
        "scope": SCOPE,
        "account": f"{SCOPE}/providers/Microsoft.Storage/storageAccounts/azcli100",
        "logs": f"{SCOPE}/providers/Microsoft.OperationalInsights/workspaces/logs",
        "app": f"{SCOPE}/providers/Microsoft.Insights/components/app",
        "login": "--account-name azcli100 --auth-mode login",
        "reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "engineers": ENGINEERS,
        "client": SIGNED_IN.client_id,
    }


def run(world: World, folder: Path, lines: list[str]) -> list[str]:
    """What went wrong, a text for each command; the commands run in one process."""
    made = [sys.executable, str(INSTALLER)]
    program = Path(subprocess.run(made, check=True, capture_output=True, text=True).stdout.strip())
    world.run(str(program), "account", "show")  # signs in
    given = words(folder)
    commands = [shlex.split(Template(line.lstrip("!+ ")).substitute(given)) for line in lines]
    process = world.start("run", "--", str(program.with_name("python")), str(RUNNER))
    said, errors = process.communicate(json.dumps(commands), timeout=LIMIT_S)
    assert process.returncode == 0, errors[-4000:]
    done: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    assert len(done) == len(lines)
    return [fault for line, one in zip(lines, done, strict=True) if (fault := wrong(line, one))]


def wrong(line: str, one: dict[str, Any]) -> str:
    """Why a command did not end as its line says; "" when it did."""
    told = f"{line}: exit code {one['code']}\n{one['trouble'][-2000:]}{one['err'][-2000:]}"
    if one["trouble"] or "Traceback" in one["err"] or "unexpected error" in one["err"]:
        return told
    if line.startswith("!"):
        return "" if one["code"] and "not emulated" in one["err"].lower() else told
    return told if one["code"] else ""


def is_installed() -> bool:
    """Whether az is in the cache: `make test` does not download it."""
    return subprocess.run([sys.executable, str(INSTALLER), "--check"], capture_output=True).returncode == 0


@pytest.mark.slow
def test_a_hundred_commands(world: World, tmp_path: Path) -> None:
    lines = [line for line in COMMANDS if line and not line.startswith("#")]
    assert sum(not line.startswith("!") for line in lines) >= 100
    assert run(world, tmp_path, lines) == []


def test_some_commands(world: World, tmp_path: Path) -> None:
    if not is_installed():
        pytest.skip("az is not in the cache: make azure-cli")
    assert run(world, tmp_path, [line for line in COMMANDS if line.startswith("+")]) == []
