"""The files of this repository that a program needs: the modules that it imports, and their data files.

This module reads sources and runs nothing. Imports inside functions count; those for type checkers do not.
What cannot be read from a source is refused, because the program would miss it only where it runs.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ml.errors import MlopsError

PACKAGES = ("ml", "scoring")  # packages of which parts run on other machines
IMPORTERS = frozenset({"import_module", "__import__"})  # functions whose argument is a module's name
# Modules that find modules or data files by names which only the running program knows.
FINDERS = frozenset({"importlib.resources", "importlib.util", "importlib.machinery", "pkgutil", "runpy"})
# Modules that may do so all the same, and why nothing of the packages is missed.
EXEMPT = {
    "scoring/model/machine.py": "looks for the compiled package scoring_kernel, which the image has",
    "infra/narrow_imports.py": "finds modules of Pulumi's SDK, which a job does without",
    "infra/narrow_classes.py": "imports files of Pulumi's SDK, which a job does without",
}
IMPORTS = (ast.Import, ast.ImportFrom)
USES = (ast.Call, ast.Name, ast.Attribute)  # by which what imports and what finds is used
OWN_FOLDER = "__file__"  # a module that uses this name looks for files beside itself


@dataclass(frozen=True, slots=True)
class _Import:
    """One import. In `from name import parts`, each part may be a module as well."""

    name: str
    line: int
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """What a module's text says. texts: of the data files that it may name; None when it looks for none."""

    imports: tuple[_Import, ...]
    texts: frozenset[str] | None


def files_of(root: Path, modules: tuple[str, ...], packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """The paths, relative to root and sorted, of what the modules need of the packages beneath root.

    Each module brings the `__init__.py` of the packages that it is in. One that uses `__file__` also brings
    each data file in its folder or below whose name is a text in the module, and all of a folder that is
    named so without any of its files.

    Raises MlopsError for a module that does not exist, naming what imports it, for one that is no Python,
    and for one that imports or reads something by a name that only the running program knows.
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
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        source = _read(file.read_bytes(), package, path)
        found.add(path)
        if source.texts is not None:
            found.update(data.relative_to(root).as_posix() for data in _data_files(file, source.texts))
        for each in source.imports:
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


@lru_cache(maxsize=1024)
def _read(text: bytes, package: str, path: str) -> _Source:
    """By the text: what several programs of one process need is read once, and anew when it changed."""
    nodes = list(_running(_parsed(text, path)))
    return _Source(tuple(_imports(nodes, package, path)), _texts(nodes))


def _parsed(text: bytes, path: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise MlopsError(f"{path} is not Python: {error}.", "Correct the line that is named.") from error


def _imports(nodes: Sequence[ast.AST], package: str, path: str) -> Iterator[_Import]:
    """The imports of the module at that path. package: the package that its relative imports begin from."""
    exempt = path in EXEMPT
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if not isinstance(node, IMPORTS if exempt else (*IMPORTS, *USES)):
            continue
        where = f"{path}, line {getattr(node, 'lineno', 0)},"
        if isinstance(node, ast.Import):
            for alias in node.names:
                if not exempt:
                    _check_finder(alias.name, where)
                yield _Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            name = f"{_above(package, node.level)}{node.module or ''}".removesuffix(".")
            for alias in [] if exempt else node.names:
                _check_finder(name, where)
                _check_finder(f"{name}.{alias.name}", where)
                if alias.name in IMPORTERS and alias.asname not in (None, alias.name):
                    raise _unknown(where, f"imports {alias.name} under another name, {alias.asname}")
            yield _Import(name, node.lineno, tuple(alias.name for alias in node.names if alias.name != "*"))
        elif isinstance(node, ast.Call) and _name(node.func) in IMPORTERS:
            yield _Import(_imported_by_call(node, package, where), node.lineno)
        elif isinstance(node, ast.Name | ast.Attribute):
            _check_finder(_dotted(node), where)
            if _name(node) in IMPORTERS and id(node) not in called:
                raise _unknown(where, f"hands {_name(node)} on")


def _above(package: str, level: int) -> str:
    """The package that a name with so many leading dots begins from, with a dot at its end."""
    parts = package.split(".")
    return "".join(f"{part}." for part in parts[: len(parts) - level + 1]) if level else ""


def _imported_by_call(call: ast.Call, package: str, where: str) -> str:
    """The module that import_module("NAME") or import_module(".NAME", __package__) imports."""
    given = dict(enumerate(call.args)) | {each.arg: each.value for each in call.keywords}
    name, beneath = given.get(0, given.get("name")), given.get(1, given.get("package"))
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        raise _unknown(where, "imports a module whose name is computed")
    text = name.value.lstrip(".")
    level = len(name.value) - len(text)
    if level and not (isinstance(beneath, ast.Name) and beneath.id == "__package__"):
        raise _unknown(where, f"imports {name.value!r}, relative to another package than __package__")
    return f"{_above(package, level)}{text}"


def _check_finder(name: str, where: str) -> None:
    if name in FINDERS:
        raise _unknown(where, f"uses {name}")


def _unknown(where: str, what: str) -> MlopsError:
    return MlopsError(
        f"{where} {what}: which files it needs elsewhere cannot be read from the source.",
        "Name the module in an import, or in import_module as a text; read a data file beside the module by "
        "__file__ and its name.",
    )


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as a text; "" of anything that is no chain of names."""
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


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


def _texts(nodes: Sequence[ast.AST]) -> frozenset[str] | None:
    if not any(isinstance(node, ast.Name) and node.id == OWN_FOLDER for node in nodes):
        return None
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


def _data_files(file: Path, texts: frozenset[str]) -> list[Path]:
    named = {text.rpartition("/")[2] for text in texts}
    others = (path for path in file.parent.rglob("*") if path.suffix not in (".py", ".pyc"))
    files = [path for path in others if path.is_file()]
    found = [path for path in files if path.name in named]
    # A folder that is named, and none of the files in it: they are found there when the program runs.
    whole = {path.parent for path in files if path.parent.name in named} - {path.parent for path in found}
    return [path for path in files if path in found or path.parent in whole]
