"""The recorded graphs of all stacks, made once."""

import pytest
from hypothesis import settings

from tests.infra.recording import Graph, record
from tests.infra.settings import STACKS, settings_of

# The same examples each time, and no time limit: a busy machine is no reason to fail.
settings.register_profile("estate", deadline=None, derandomize=True)
settings.load_profile("estate")


@pytest.fixture(scope="session")
def graphs() -> dict[str, Graph]:
    for stack in STACKS:
        settings_of(
            stack
        )  # what is wrong with a stack file or a table is said by name, not by the program's exit
    return {stack: record(stack) for stack in STACKS}


@pytest.fixture(scope="session")
def stage(graphs: dict[str, Graph]) -> Graph:
    return graphs["stage"]


@pytest.fixture(scope="session")
def prod(graphs: dict[str, Graph]) -> Graph:
    return graphs["prod"]
