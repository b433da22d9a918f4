"""How the emulator's files may lean on one another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from emulator.home import REPOSITORY

FILES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((REPOSITORY / "emulator").rglob("*.py"))
}


def imported(path: Path) -> Iterator[str]:
    """The emulator's modules that a file imports, inside functions and for its types too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in FILES else str(node.module) for name in names]
        else:
            continue
        yield from (name for name in names if name in FILES)


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[str]]:
    """What each file leans on. Not made when tests are collected: that reads all files in each worker."""
    return {name: set(imported(path)) - {name} for name, path in FILES.items()}


def test_no_files_import_each_other_in_a_circle(arrows: dict[str, set[str]]) -> None:
    list(TopologicalSorter(arrows).static_order())  # a CycleError names the files of a circle


def test_services_are_given_what_they_use_and_know_no_emulator(arrows: dict[str, set[str]]) -> None:
    users = {name for name, used in arrows.items() if "emulator.app" in used}
    assert users == {"emulator.control", "emulator.docs", "emulator.proxy", "emulator.server"}
