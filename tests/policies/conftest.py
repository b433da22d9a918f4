"""The accepted graphs of the stacks: that the program makes them is what tests/infra holds."""

import pytest

from infra.graph.canonical import load
from infra.graph.model import Graph
from tests.infra.golden import FOLDER, GOLDEN


@pytest.fixture(scope="session")
def graphs() -> dict[str, Graph]:
    return {stack: load((FOLDER / f"{stack}.json").read_text(encoding="utf-8")) for stack in GOLDEN}


@pytest.fixture(scope="session")
def stage(graphs: dict[str, Graph]) -> Graph:
    return graphs["stage"]


@pytest.fixture(scope="session")
def prod(graphs: dict[str, Graph]) -> Graph:
    return graphs["prod"]
