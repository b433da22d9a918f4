"""The accepted graphs, and the review of the ten changes that docs/review.md shows."""

import pytest

from infra.graph.canonical import load
from infra.graph.model import Graph
from infra.review.review import Review, review
from tests.infra.golden import FOLDER
from tests.infra.reviewed import TODAY
from tools import review_example as example


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    """The accepted ones: that the program makes them is what other tests hold."""
    return {stack: load((FOLDER / f"{stack}.json").read_text()) for stack in ("stage", "prod")}


@pytest.fixture(scope="module")
def stage(graphs: dict[str, Graph]) -> Graph:
    return graphs["stage"]


@pytest.fixture(scope="module")
def ten() -> Review:
    prod = load((FOLDER / "prod.json").read_text())
    return review(example.base(), example.head(), TODAY, prod)
