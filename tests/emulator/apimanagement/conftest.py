"""One emulator with a service for a file of tests; each test begins with an API without a policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.app import Emulator
from tests.emulator.apimanagement.world import API, Echo, World
from tests.emulator.homes import started_once


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Echo().running() as echo:
        emulator = Emulator(started_once(tmp_path_factory.mktemp("gateway")))
        world = World(emulator, echo)
        world.network()
        world.service()
        yield world
        emulator.close()


@pytest.fixture
def world(standing: World) -> World:
    standing.echo.got.clear()
    standing.echo.answer = lambda got: None
    standing.arm.ok("DELETE", f"{API}/policies/policy")
    return standing
