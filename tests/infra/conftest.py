"""The recorded graphs of both stacks, made once."""

import pytest

from tests.infra.recording import Graph, record


@pytest.fixture(scope="session")
def graphs() -> dict[str, Graph]:
    return {stack: record(stack) for stack in ("stage", "prod")}


@pytest.fixture(scope="session")
def stage(graphs: dict[str, Graph]) -> Graph:
    return graphs["stage"]


@pytest.fixture(scope="session")
def prod(graphs: dict[str, Graph]) -> Graph:
    return graphs["prod"]
