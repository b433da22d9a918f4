"""The smoke tests of a deployment against a fleet that answers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ml.deploy import smoke
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError
from scoring.assembly import assemble
from scoring.model.artifact import Artifact
from scoring.settings import KeyDigest, ModelIdentity, Settings
from tests.scoring.conftest import served
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.trained import small

KEY, IMAGE = "a-key-of-these-tests", "sha256:" + "0" * 64
OWN = ("20/female", "20/male")


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return small().trained.artifact


@pytest.fixture(scope="module")
def deployed(
    artifact: Artifact, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Endpoint, smoke.Expectation]]:
    """Where a fleet answers, and what is expected of it."""
    folder = tmp_path_factory.mktemp("fleet")
    fleet = fleet_of(folder, artifact, small().test_matrix, OWN, ["90/male"])
    service = assemble(
        Settings(
            model_dir=folder,
            identity=ModelIdentity("by-age", "7", IMAGE),
            key_source=KeyDigest(hashlib.sha256(KEY.encode()).hexdigest()),
        )
    )
    client, end = served(service)
    deadline = time.monotonic() + 20
    while client.get("/readyz").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    endpoint = Endpoint(str(client.base_url).rstrip("/"), KEY)
    yield (
        endpoint,
        smoke.Expectation("by-age", "7", IMAGE, artifact, 1e-5, fleet.digest, fleet.digests()),
    )
    end()


def test_a_fleet_as_released_passes_all_tests(deployed: tuple[Endpoint, smoke.Expectation]) -> None:
    endpoint, expected = deployed
    assert smoke.run(endpoint, expected) == [*smoke.TESTS, *smoke.OF_FLEETS]


@pytest.mark.parametrize("key", [*OWN, "90/male"])
def test_a_member_that_another_model_answers_for_is_named(
    deployed: tuple[Endpoint, smoke.Expectation], key: str
) -> None:
    endpoint, expected = deployed
    other = next(digest for one, digest in expected.members.items() if one != key)
    exchanged = replace(expected, members={**expected.members, key: other})
    with pytest.raises(MlopsError, match="1 of 8 smoke tests") as caught:
        smoke.run(endpoint, exchanged)
    (line,) = caught.value.details
    assert line.startswith(f"members by their own models: another model answers for the member {key}: ")


def test_another_fleet_is_named(deployed: tuple[Endpoint, smoke.Expectation]) -> None:
    endpoint, expected = deployed
    with pytest.raises(MlopsError, match="1 of 8 smoke tests") as caught:
        smoke.run(endpoint, replace(expected, fleet="sha256:" + "1" * 64))
    assert caught.value.details[0].startswith("model and image as released: another model answers: ")


@pytest.mark.parametrize(("count", "step"), [(50, 1), (51, 2), (1_000, 20)])
def test_of_very_many_members_some_all_over_the_list_are_asked_for(
    artifact: Artifact, count: int, step: int
) -> None:
    asked: list[str] = []

    def score(body: Any, key: str | None = None, synthetic: bool = False) -> httpx.Response:
        asked.append(body["member"])
        return httpx.Response(200, json={"model": {"member": body["member"], "digest": "d"}})

    members = {f"m{number}": "d" for number in range(count)}
    endpoint: Any = SimpleNamespace(score=score)
    smoke.Visit(endpoint, smoke.Expectation("f", "1", IMAGE, artifact, 0.0, "f", members)).own_models()
    assert asked == list(members)[::step]
