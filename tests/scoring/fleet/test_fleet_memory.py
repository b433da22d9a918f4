"""Models of a fleet leave memory and come back."""

import os
from dataclasses import replace
from pathlib import Path

from scoring.fleet.members import OBJECT_BYTES
from scoring.fleet.stored import Fleet
from scoring.settings import FleetSettings, Settings
from scoring.worker import STATUS, Place
from tests.scoring.fleet.asking import OWN, Start, asked, assembled, of
from tests.scoring.trained import as_stated


def test_the_least_recently_used_model_leaves_memory_and_comes_back(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    size = 2 * (OBJECT_BYTES + 250_000)
    service, client = start(memory_bytes=size, preload=False)
    resident = service.members.resident
    for _ in range(2):
        for key in OWN:
            artifact = of(directory, fleet, key)
            answer = asked(client, artifact, member=key).json()
            assert as_stated(answer["predictions"], artifact.samples.predictions)
            assert key in resident
            assert resident.bytes <= size
    assert 0 < len(resident) < len(OWN)
    assert set(service.members.monitors) == set(resident.keys())
    told = client.get("/fleet").json()
    assert told["resident"]["models"] == len(resident)
    assert [key for key, one in told["members"].items() if one["resident"]] == sorted(
        resident.keys(), key=list(fleet.members).index
    )


def test_a_members_window_outlives_its_models_stay(start: Start, directory: Path, fleet: Fleet) -> None:
    service, client = start(memory_bytes=OBJECT_BYTES + 250_000, preload=False)
    artifact = of(directory, fleet, OWN[0])
    rows = len(artifact.samples.predictions)
    asked(client, artifact, member=OWN[0])
    asked(client, artifact, member=OWN[1])
    assert OWN[0] not in service.members.resident
    asked(client, artifact, member=OWN[0])
    scorer = service.members.resident.get(OWN[0])
    assert scorer is not None
    assert scorer.monitor.snapshot().rows == 2 * rows


def test_workers_share_the_memory_for_models(directory: Path) -> None:
    memory = os.memfd_create("test")
    os.ftruncate(memory, STATUS)
    settings = Settings(model_dir=directory, fleet=replace(FleetSettings(), memory_bytes=900))
    for workers in (1, 3):
        service = assembled(settings, Place(0, workers, -1, memory, -1))
        assert service.members.resident.most_bytes == 900 // workers
    os.close(memory)
