"""docs/emulator.md is what the code says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from emulator import docs, docs_outputs, docs_policies, docs_queries
from emulator.eventgrid.install import EXTENSION
from emulator.home import REPOSITORY
from emulator.machinelearning.names import WORKSPACE
from emulator.machinelearning.notemulated import REFUSED

# types of which nothing can be created -> the service that refuses them
NOT_CREATED = {
    **{f"{WORKSPACE}/{collection}": "machinelearning" for collection in REFUSED},
    EXTENSION: "eventgrid",
}


@pytest.fixture(scope="module")
def found() -> dict[str, docs.Service]:
    return {service.name: service for service in docs.found()}


@pytest.fixture(scope="module")
def page(found: dict[str, docs.Service]) -> str:
    return docs.page(list(found.values()))


def test_the_page_is_fresh(page: str) -> None:
    assert docs.PAGE.read_text() == page, "stale: run `make docs`"


def test_the_page_of_outputs_is_fresh() -> None:
    assert docs_outputs.PAGE.read_text() == docs_outputs.page(), "stale: run `make docs`"
    assert docs_policies.PAGE.read_text() == docs_policies.page(), "stale: run `make docs`"
    assert docs_queries.PAGE.read_text() == docs_queries.page(), "stale: run `make docs`"


def test_every_service_is_on_it_and_says_how_it_differs(found: dict[str, docs.Service]) -> None:
    services = {file.parent.name for file in (REPOSITORY / "emulator").glob("*/install.py")}
    services -= {"provider"}  # its install.py puts its plugin into a home
    assert set(found) == services, (
        "each folder of emulator/ with an install.py is a service: `_services` of emulator/app.py calls it. "
        f"Only one of the two has {sorted(set(found) ^ services)}"
    )
    storage = found["storage"]
    assert "Microsoft.Storage/storageAccounts" in storage.types
    assert "Microsoft.Storage/storageAccounts/listkeys" in storage.actions
    assert "*.blob.core.windows.net" in storage.hosts
    assert storage.differences and storage.tests


@pytest.mark.parametrize("kind", NOT_CREATED)
def test_a_refused_type_is_listed_as_refused_and_nowhere_else(page: str, kind: str) -> None:
    named = [line for line in page.splitlines() if f"`{kind}`".lower() in line.lower()]
    assert len(named) == 1
    assert named[0].startswith(f"  - `{kind}`: ")
    namespace, _, inner = kind.partition("/")
    kept = [line for line in page.splitlines() if line.startswith(f"- `{namespace}`: ")]
    assert inner not in "".join(kept).partition(": ")[2].split(", ")


def test_a_refused_type_is_not_counted_as_behaviour(page: str, found: dict[str, docs.Service]) -> None:
    for name, service in found.items():
        types, refused = _listed(page.split(f"\n## {name}\n")[1].split("\n## ")[0])
        assert f"| [{name}](#{name}) | {len(types)} | {len(refused)} | {len(service.actions)} |" in page
        assert refused == {kind for kind, owner in NOT_CREATED.items() if owner == name}
        assert not types & refused


def test_a_hook_that_refuses_whatever_it_gets_is_registered_as_a_refusal() -> None:
    """The page cannot see into a hook, so ``Hooks.refuse`` alone makes those that let nothing pass."""
    raising = {
        f"{path.relative_to(REPOSITORY)}: {function.name}"
        for path in sorted((REPOSITORY / "emulator").rglob("*.py"))
        if "NotEmulated" in (text := path.read_text())  # the others cannot raise it, and are not parsed
        for function in _hooks_of_puts(ast.parse(text))
        if any(ast.unparse(one).startswith("raise NotEmulated(") for one in function.body)
    }
    assert raising == {"emulator/arm/hooks.py: never"}


def _listed(section: str) -> tuple[set[str], set[str]]:
    """The types with behaviour, and the refused ones, of a service's section."""
    types: set[str] = set()
    refused: set[str] = set()
    heading = ""
    for line in section.splitlines():
        heading = line if line.startswith("- ") else heading
        if line.startswith("- Types: "):
            types = set(line.removeprefix("- Types: ").replace("`", "").split(", "))
        elif heading == "- Types refused:" and line.startswith("  - `"):
            refused.add(line.split("`")[1])
    return types, refused


def _hooks_of_puts(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions whose one parameter, self aside, is a ``Put``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = [one for one in node.args.args if one.arg != "self"]
            if len(given) == 1 and given[0].annotation and ast.unparse(given[0].annotation) == "Put":
                yield node
