"""A fleet of four members with a model of their own and a small one, and services of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from scoring.fleet.service import FleetService
from scoring.fleet.stored import Fleet, load
from scoring.settings import FleetSettings, ModelIdentity, Settings
from tests.scoring.conftest import served
from tests.scoring.fleet.asking import OWN, SMALL, Start, assembled, until_ready
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.trained import Small


@pytest.fixture(scope="session")
def directory(model: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fleet")
    fleet_of(place, model.trained.artifact, model.test_matrix, OWN, [SMALL])
    return place


@pytest.fixture(scope="session")
def fleet(directory: Path) -> Fleet:
    return load(directory)


@pytest.fixture
def start(directory: Path) -> Iterator[Start]:
    ends: list[Callable[[], None]] = []

    def begin(place: Path = directory, **fleet: Any) -> tuple[FleetService, httpx.Client]:
        settings = Settings(
            model_dir=place,
            identity=ModelIdentity("by-age", "7", "sha256:" + "0" * 64),
            fleet=replace(FleetSettings(), **fleet),
        )
        service = assembled(settings)
        client, end = served(service)
        ends.append(end)
        until_ready(client)
        return service, client

    yield begin
    for end in ends:
        end()
