"""Worlds for the end-to-end tests: empty, with an estate that is up, a model trained in it, production."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import homes
from tests.e2e.world import ROOT, World

__all__ = ["ROOT", "World", "estate_world", "model_world", "production_world", "world"]


@contextmanager
def running(home: Path, *, each_step: bool = True) -> Generator[World]:
    made = World(home, each_step=each_step)
    made.emulator("up")
    yield made
    made.emulator("down")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("world") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def estate_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Stage is up in it."""
    home = homes.started(tmp_path_factory) / homes.HOME
    with running(homes.clone(home, tmp_path_factory.mktemp("estate") / "home"), each_step=False) as made:
        yield made


@pytest.fixture(scope="module")
def model_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Stage is up in it, and a model of the example data is registered."""
    home = homes.trained(tmp_path_factory) / homes.HOME
    with running(homes.clone(home, tmp_path_factory.mktemp("model") / "home"), each_step=False) as made:
        yield made


@pytest.fixture(scope="module")
def production_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Besides, production is up and has its first release."""
    home = homes.released(tmp_path_factory) / homes.HOME
    with running(homes.clone(home, tmp_path_factory.mktemp("production") / "home")) as made:
        yield made
