"""The files of this repository that a program needs: the modules that it imports, and their data files.

This module reads sources and runs nothing. Imports inside functions count; those for type checkers do not.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ml.errors import MlopsError

PACKAGES = ("ml", "scoring")  # of which parts run on other machines
IMPORTERS = frozenset({"import_module", "__import__"})  # functions whose argument is a module's name
OWN_FOLDER = "__file__"  # by this name a module finds the files beside it


@dataclass(frozen=True, slots=True)
class _Import:
    """A module's name as an import gives it; of `from name import parts`, each part may be a module too."""

    name: str
    line: int
    parts: tuple[str, ...] = ()


def files_of(root: Path, modules: tuple[str, ...], packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """The paths, relative to root and sorted, of what the modules need of the packages beneath root.

    Each module brings the `__init__.py` of the packages that it is in. One that uses `__file__` also brings
    each data file in its folder or below whose name is a text in the module.

    Raises MlopsError for a module that does not exist, naming what imports it, and for one that is no Python.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [(module, "the program") for module in modules]
    while waiting:
        module, importer = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if not _exists(root, module):
            raise MlopsError(
                f"{importer} needs the module {module}, and {root} has no file of it.",
                "Run mlops in a complete checkout, or correct the import.",
            )
        waiting += [(package, importer) for package in _packages_of(module)]
        file = _file(root, module)
        if file is None:  # a folder without __init__.py
            continue
        path = file.relative_to(root).as_posix()
        tree = _parsed(file, path)
        found.add(path)
        found.update(data.relative_to(root).as_posix() for data in _data_files(file, tree))
        for each in _imports(tree, module if file.name == "__init__.py" else module.rpartition(".")[0]):
            if each.name.partition(".")[0] in packages:
                where = f"{path}, line {each.line},"
                waiting.append((each.name, where))
                whole = (f"{each.name}.{part}" for part in each.parts)
                waiting += [(name, where) for name in whole if _exists(root, name)]
    return sorted(found)


def _packages_of(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _file(root: Path, module: str) -> Path | None:
    place = root.joinpath(*module.split("."))
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


def _exists(root: Path, module: str) -> bool:
    return _file(root, module) is not None or root.joinpath(*module.split(".")).is_dir()


def _parsed(file: Path, path: str) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise MlopsError(f"{path} is not Python: {error}.", "Correct the line that is named.") from error


def _imports(tree: ast.Module, package: str) -> Iterator[_Import]:
    """The imports of a module. package: the package that its relative imports begin from."""
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (_Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*above, *([node.module] if node.module else [])])
            yield _Import(name, node.lineno, tuple(alias.name for alias in node.names if alias.name != "*"))
        elif isinstance(node, ast.Call) and _name(node.func) in IMPORTERS:
            names = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
            yield from (_Import(name, node.lineno) for name in names if isinstance(name, str))


def _name(node: ast.expr) -> str:
    """The name of a variable or attribute, "" of any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those beneath `if TYPE_CHECKING:`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _data_files(file: Path, tree: ast.Module) -> list[Path]:
    nodes = list(_running(tree))
    if not any(isinstance(node, ast.Name) and node.id == OWN_FOLDER for node in nodes):
        return []
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {text.rpartition("/")[2] for text in texts}
    others = (path for path in file.parent.rglob("*") if path.suffix not in (".py", ".pyc"))
    return [path for path in others if path.name in named and path.is_file()]
