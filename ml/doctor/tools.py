"""The programs that `pulumi up` and `mlops` need on this machine."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from ml.doctor.findings import Finding, failed, ok

TITLE: Final = "tools"
SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Tool:
    """command: prints a version. least: the oldest version that is known to work."""

    name: str
    command: tuple[str, ...]
    least: tuple[int, ...]
    remedy: str


TOOLS: Final[tuple[Tool, ...]] = (
    Tool(
        "Pulumi CLI",
        ("pulumi", "version"),
        (3, 250, 0),
        "Run `make setup` and have .venv/bin first on PATH, or install it: https://www.pulumi.com/docs/install.",
    ),
)
PYTHONS: Final = ((3, 11), (3, 13))  # first and last that pyproject.toml allows


def check(tools: tuple[Tool, ...] = TOOLS) -> list[Finding]:
    """One finding a tool, and one for Python."""
    return [_python(sys.version_info[:2]), *map(_found, tools)]


def _python(version: tuple[int, ...]) -> Finding:
    said = f"Python {'.'.join(map(str, version))}"
    first, last = (".".join(map(str, one)) for one in PYTHONS)
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return ok(TITLE, said)
    return failed(TITLE, f"{said} is not supported", f"Use Python {first} to {last}.")


def _found(tool: Tool) -> Finding:
    if shutil.which(tool.command[0]) is None:
        return failed(TITLE, f"{tool.name}: `{tool.command[0]}` is not on PATH", tool.remedy)
    try:
        run = subprocess.run(tool.command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return failed(TITLE, f"{tool.name} gave no version in {SECONDS} s", tool.remedy)
    version = version_in(run.stdout)
    if run.returncode != 0 or version is None:
        words = (run.stderr or run.stdout).strip().splitlines()
        return failed(TITLE, f"{tool.name} gave no version: {words[:1]}", tool.remedy)
    text = ".".join(map(str, version))
    if version < tool.least:
        least = ".".join(map(str, tool.least))
        return failed(TITLE, f"{tool.name} is {text}; {least} is the oldest that works", tool.remedy)
    return ok(TITLE, f"{tool.name} {text}")


def version_in(text: str) -> tuple[int, ...] | None:
    """The first version in a program's words, as numbers."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else None
