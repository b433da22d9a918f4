"""``python -m emulator.docs``: the page that says what is emulated, what is refused and what differs.

Below its head, docs_head.md, all of it comes from the code (catalog, hooks, actions, hosts, refusals,
DIFFERENCES) and from the tests.
"""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from emulator import docs_outputs, docs_policies, docs_queries
from emulator.app import Emulator
from emulator.arm.catalog import ROWS
from emulator.home import REPOSITORY, Home, write_aside

PAGE = REPOSITORY / "docs" / "emulator.md"
HEAD = Path(__file__).with_name("docs_head.md")  # what people wrote of it


@dataclass(frozen=True)
class Service:
    """What one package of the emulator registered, refuses and is tested by."""

    name: str
    types: tuple[str, ...]
    refused: Mapping[str, str]  # types of which nothing can be created -> what to use instead
    actions: tuple[str, ...]
    hosts: tuple[str, ...]
    refusals: tuple[str, ...]
    differences: tuple[str, ...]
    tests: tuple[str, ...]  # folders


def found() -> list[Service]:
    """The services in alphabetical order, each installed in turn into an emulator in a scratch folder."""
    made: list[Service] = []
    types: set[str] = set()  # those that have a hook, the refused ones among them, in lower case
    actions: set[tuple[str, str]] = set()
    hosts: set[str] = set()

    def installed(emulator: Emulator, name: str) -> None:
        own = emulator.arm.hooked() - types
        refused = {kind: instead for kind, instead in emulator.arm.refused().items() if kind.lower() in own}
        made.append(
            Service(
                name,
                tuple(sorted(map(_spelled, own - {kind.lower() for kind in refused}))),
                dict(sorted(refused.items())),
                tuple(sorted(f"{_spelled(a)}/{b}" for a, b in emulator.arm.actions() - actions)),
                tuple(sorted(set(emulator.hosts.patterns()) - hosts)),
                tuple(sorted(set(_refusals(name)))),
                _differences(name),
                tuple(_tests(name, own)),
            )
        )
        types.update(own)
        actions.update(emulator.arm.actions())
        hosts.update(emulator.hosts.patterns())

    with tempfile.TemporaryDirectory() as folder:
        Emulator(Home(Path(folder) / "home"), installed).close()
    return sorted(made, key=lambda service: service.name)


def page(made: list[Service]) -> str:
    """The whole page about the services that were found."""
    special = {kind.lower() for service in made for kind in (*service.types, *service.refused)}
    plain = sorted({row.arm_type for row in ROWS if row.arm_type.lower() not in special})
    parts = [
        HEAD.read_text() + "".join(_more()),
        "| service | types with behaviour | types refused | actions |\n|---|---|---|---|",
    ]
    for one in made:
        counts = f"{len(one.types)} | {len(one.refused)} | {len(one.actions)}"
        parts.append(f"| [{one.name}](#{one.name}) | {counts} |")
    for one in made:
        parts += ["", f"## {one.name}", *_section(one)]
    parts += [
        "",
        "## Types that are kept as they are given",
        "Checked as every type is, and shown with what Azure computes of them; nothing else happens.",
    ]
    for namespace in sorted({name.split("/", 1)[0] for name in plain}):
        inner = ", ".join(name.split("/", 1)[1] for name in plain if name.split("/", 1)[0] == namespace)
        parts.append(f"- `{namespace}`: {inner}")
    return "\n".join(parts) + "\n"


def _more() -> Iterator[str]:
    """Links to the pages beside this one."""
    for path in sorted((PAGE.parent / PAGE.stem).glob("*.md")):
        title = path.read_text().split("\n", 1)[0].lstrip("# ")
        yield f"- More: [{title}]({PAGE.stem}/{path.name}).\n"


def _section(one: Service) -> Iterator[str]:
    readme = REPOSITORY / "emulator" / one.name / "README.md"
    if readme.exists():
        yield f"More in [emulator/{one.name}/README.md](../emulator/{one.name}/README.md).\n"
    for title, items in (
        ("Types", [f"`{name}`" for name in one.types]),
        ("Actions", [f"`{name}`" for name in one.actions]),
        ("Hosts", [f"`{name}`" for name in one.hosts]),
        ("Tested in", [f"`{name}`" for name in one.tests]),
    ):
        if items:
            yield f"- {title}: {', '.join(items)}"
    for title, items in (
        ("Types refused", [f"`{name}`: {instead}" for name, instead in one.refused.items()]),
        ("Refused", one.refusals),
        ("Differs from Azure", one.differences),
    ):
        if items:
            yield f"- {title}:"
            yield from (f"  - {item}" for item in items)


def _spelled(kind: str) -> str:
    known = {row.arm_type.lower(): row.arm_type for row in ROWS}
    return known.get(kind.lower(), kind)


def _differences(name: str) -> tuple[str, ...]:
    if find_spec(f"emulator.{name}.differences") is None:
        return ()
    return import_module(f"emulator.{name}.differences").DIFFERENCES


def _refusals(name: str) -> Iterator[str]:
    """The texts of the package's ``NotEmulated`` errors, with … for what varies."""
    for path in sorted((REPOSITORY / "emulator" / name).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "NotEmulated"
            ):
                text = _text(node.args[0])
                if re.search(r"[a-z]{3}", text):
                    yield text


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case ast.BinOp(left=left, right=right):
            return _text(left) + _text(right)
        case _:
            return "…"


def _tests(name: str, types: set[str]) -> Iterator[str]:
    """The folders with tests of the service's own, or that import its package or name its types.

    Folders, since a page that lists each file would be stale with each test that is written.
    """
    wanted = {kind.split("/", 1)[0].lower() for kind in types}
    yield from sorted(
        {
            str(path.parent)
            for path, packages, namespaces in _named_by_tests()
            if name in path.parts or name in packages or not wanted.isdisjoint(namespaces)
        }
    )


@cache
def _named_by_tests() -> list[tuple[Path, frozenset[str], frozenset[str]]]:
    """Each file of tests, the packages `emulator.NAME` and the namespaces `NAME/` in it, in lower case."""
    found: list[tuple[Path, frozenset[str], frozenset[str]]] = []
    for path in (REPOSITORY / "tests").rglob("test_*.py"):
        text = path.read_text().lower()
        packages = frozenset(re.findall(r"\bemulator\.(\w+)", text))
        before_slashes = [words.split(".") for words in set(re.findall(r"\b([\w.]+)/", text))]
        ends = (parts[at:] for parts in before_slashes for at in range(len(parts)))
        found.append((path.relative_to(REPOSITORY), packages, frozenset(map(".".join, ends))))
    return found


def main() -> None:
    """Write the pages."""
    for one in (docs_outputs, docs_policies, docs_queries):
        write_aside(one.PAGE, one.page().encode(), mode=0o644)
    write_aside(PAGE, page(found()).encode(), mode=0o644)


if __name__ == "__main__":
    main()
