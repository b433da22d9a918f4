"""Functions of the SDK that a Pulumi program names and that are refused, told before the program runs.

While an argument of a function is not known Pulumi asks no provider: a function of a resource that is
still to be made would be refused in the middle of an `up`. So the program's own files are read for
their names.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from emulator.provider.refused_functions import REFUSED

SDK: Final = "pulumi_azure_native"
MOST_FILES: Final = 500
SKIPPED: Final = frozenset({"node_modules", "site-packages", "__pycache__", "tests"})


def snake(name: str) -> str:
    """`list_storage_account_keys` of `listStorageAccountKeys`, as the SDK names its Python functions."""
    spread = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spread).lower()


_NAMES: Final = {
    f"{snake(token.split(':')[1])}{form}": token for token in REFUSED for form in ("", "_output")
}


def warnings(directory: Path) -> list[str]:
    """One text for each refused function that Python files under a directory name, with where it stands."""
    found: dict[str, str] = {}
    for path in _files(directory):
        for token, line in _named(path):
            found.setdefault(token, f"{path.relative_to(directory)}:{line}")
    return [
        f"{place} names azure-native:{token}, which is not emulated: {REFUSED[token]}"
        for token, place in found.items()
    ]


def _files(directory: Path) -> Iterator[Path]:
    """Those that speak of the SDK, without environments and hidden folders."""
    count = 0
    for folder, inner, names in os.walk(directory):
        inner[:] = sorted(name for name in inner if _is_own(Path(folder, name)))
        for name in sorted(names):
            if name.endswith(".py"):
                count += 1
                if count > MOST_FILES:
                    return
                yield Path(folder, name)


def _is_own(folder: Path) -> bool:
    return folder.name not in SKIPPED and folder.name[0] != "." and not (folder / "pyvenv.cfg").exists()


def _named(path: Path) -> Iterator[tuple[str, int]]:
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text) if SDK in text else ast.Module([], [])
    except (OSError, ValueError, SyntaxError):
        return  # what is wrong with a program, Python says when it runs
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            named = [(node.attr, node.lineno)]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(SDK):
            named = [(alias.name, node.lineno) for alias in node.names]
        else:
            continue
        yield from ((_NAMES[name], line) for name, line in named if name in _NAMES)
