"""Nothing of others is left for the readers' threads to import."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from ml.watch import beforehand, read
from ml.watch.facts import Unread
from tests.ml.watch.recorded import NOW

OTHERS: Final = ("azure", "httpx", "pulumi")
NOT_READ: Final = {
    "azure.mgmt.containerregistry.v2019_06_01_preview": "images are built with it",
    "pulumi_azure_native": "a group is made with it",
    "pulumi_azure_native.containerinstance": "a group is made with it",
}


def submodule(package: str, name: str) -> str | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations or not package.startswith("ml"):
        return None
    return f"{package}.{name}" if importlib.util.find_spec(f"{package}.{name}") else None


def late(module: str) -> Iterator[str]:
    """What the functions of a module import."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, module
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    functions = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield submodule(node.module, alias.name) or node.module


def test_what_readers_import_late_is_there_before() -> None:
    waiting, seen, others = ["ml.watch.read"], set[str](), set[str]()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for name in late(module):
            if name.startswith("ml."):
                waiting.append(name)
            elif name.split(".")[0] in OTHERS:
                others.add(name)
    assert "ml.commands.status" in seen and "azure.identity" in others
    assert not others - set(beforehand.MODULES) - set(NOT_READ)


def test_they_are_there_before_the_first_reader_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def attempted(_: Any) -> Unread:
        order.append("read")
        return Unread(why="not asked", remedy="Ask.")

    monkeypatch.setattr(beforehand, "import_module", order.append)
    monkeypatch.setattr(read, "attempt", attempted)
    monkeypatch.setattr(read, "impatient", lambda azure: azure)
    azure = SimpleNamespace(estate=SimpleNamespace(environment="stage"))
    read.facts(cast("Any", azure), Path(), 7, NOW)
    count = len(beforehand.MODULES)
    assert tuple(order[:count]) == beforehand.MODULES
    assert set(order[count:]) == {"read"}
