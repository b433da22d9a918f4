"""Which module imports which, read from the source, imports inside functions included."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path


def module_of(path: str) -> str:
    """`scoring/http/app.py` as `scoring.http.app`; a package is named without its `__init__`."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements, nested ones too, without their expressions, which are most of a tree."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.stmt):
            yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            found = getattr(node, name, ())
            waiting.extend(found if isinstance(found, list) else ())


@cache
def names(source: str) -> frozenset[str]:
    """All names that this source may import a module by. Raises SyntaxError."""
    found: set[str] = set()
    for node in statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return frozenset(found)


def imported(source: str, known: Mapping[str, str]) -> set[str]:
    """The known modules that this source imports; a package counts with each of its modules that is named.

    known: module to path. Raises SyntaxError.
    """
    return {name for name in names(source) if name in known}


def distances(changed: Iterable[str], importers: Mapping[str, set[str]]) -> dict[str, int]:
    """How many imports away from a changed module each module is that depends on it; itself is 0 away."""
    found = dict.fromkeys(changed, 0)
    waiting = deque(found)
    while waiting:
        module = waiting.popleft()
        for importer in importers.get(module, ()):
            if importer not in found:
                found[importer] = found[module] + 1
                waiting.append(importer)
    return found


def importers_in(root: Path, paths: Iterable[str]) -> dict[str, set[str]]:
    """Each module's direct importers, among these Python files (relative to root).

    A file that cannot be parsed imports nothing: ruff says what is wrong with it.
    """
    known = {module_of(path): path for path in paths}
    importers: dict[str, set[str]] = {}
    for module, path in known.items():
        try:
            targets = imported((root / path).read_text(encoding="utf-8"), known)
        except SyntaxError:
            continue
        for target in targets - {module}:
            importers.setdefault(target, set()).add(module)
    return importers
