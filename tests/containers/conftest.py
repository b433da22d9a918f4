"""The scoring image, built by podman from the Dockerfile as it is; `make test-containers` prepares that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml.deploy.image import BuildContext
from scoring.model.artifact import Artifact
from tests.containers.context import CANARY, ROOT, TAG, context_of
from tests.containers.group import Container
from tests.scoring.trained import small
from tools.containers import base
from tools.containers.build import build
from tools.containers.engine import Engine, find

Start = Callable[..., Container]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.containers)


@pytest.fixture(scope="session")
def engine() -> Engine:
    found = find()
    found("container", "prune", "--force", "--filter", "until=1h")
    base.ensure(found, base.name_in(ROOT / "environments" / "scoring" / "Dockerfile"))
    return found


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    return small().trained.artifact


@pytest.fixture(scope="session")
def context(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildContext, Path]:
    """The build context of `mlops deploy`, and the folder that it lies in."""
    return context_of(artifact, tmp_path_factory.mktemp("scoring"))


@pytest.fixture(scope="session")
def image(engine: Engine, context: tuple[BuildContext, Path]) -> str:
    """The id of the scoring image."""
    return build(engine, context[1], TAG, CANARY)


@pytest.fixture
def start(engine: Engine, image: str) -> Iterator[Start]:
    """``start(*command, cpu=, memory_gb=)``: a container of the declared group; removed after the test."""
    made: list[Container] = []

    def begin(*command: str, **more: float) -> Container:
        made.append(Container.start(engine, image, *command, **more))
        return made[-1]

    yield begin
    for container in made:
        container.remove()


@pytest.fixture(scope="module")
def serving(engine: Engine, image: str) -> Iterator[Container]:
    """A container that is ready, for the tests of a module that only look at it."""
    container = Container.start(engine, image)
    try:
        assert container.ready(60), container.logs()
        yield container
    finally:
        container.remove()
