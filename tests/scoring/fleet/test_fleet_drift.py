"""Drift of a fleet's members: whose rows count, and who tells of it."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring.assembly import assemble
from scoring.fleet.members import OBJECT_BYTES
from scoring.fleet.stored import Fleet, load, model_dir
from scoring.fleet.watch import Watch
from scoring.monitor import Pace
from scoring.settings import FleetSettings, Settings
from scoring.telemetry.queue import Telemetry
from scoring.worker import STATUS, Place
from tests.scoring.fleet.asking import OWN, SMALL, Start, assembled, direct, of
from tests.scoring.trained import Small


def test_drift_of_a_member_is_told_once_though_its_model_leaves_memory_and_comes_back(
    model: Small, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one_model = replace(FleetSettings(), memory_bytes=OBJECT_BYTES + 250_000)
    members = assembled(Settings(model_dir=directory, fleet=one_model)).members
    watch = Watch(members.monitors, Pace(rows=1, seconds=0.0))

    def read(key: str) -> None:
        members.keep(key, members.load(key))

    read(OWN[0])
    members.monitors[OWN[0]].observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    assert watch.look(0.0) == 1
    drifted = members.monitors[OWN[0]].report.drifted
    assert drifted
    read(OWN[1])
    assert list(members.monitors) == [OWN[1]]
    read(OWN[0])
    assert members.monitors[OWN[0]].report.drifted == drifted
    assert watch.look(1.0) == 1
    told = [line.__dict__["member"] for line in caplog.records if line.message == "drift changed"]
    assert told == [OWN[0]]


def test_a_change_is_told_once_by_all_workers_together(
    model: Small, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each has a watch of its own over the same rows."""
    memory = os.memfd_create("test")
    os.ftruncate(memory, STATUS)
    services = [assembled(Settings(model_dir=directory), Place(n, 3, -1, memory, -1)) for n in range(3)]
    for service in services[1:]:  # the first worker does not hold this model
        service.members.keep(OWN[0], service.members.load(OWN[0]))
    services[1].members.monitors[OWN[0]].observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    services[1].members.pooled.monitor.observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    for service in services:
        service.members.pooled.monitor.evaluate()
        service._watch.look(0.0)
    found = [line.__dict__ for line in caplog.records if line.message == "drift changed"]
    assert [one.get("member") for one in found] == [None, OWN[0]]
    assert {service.members.monitors[OWN[0]].report.status for service in services[1:]} == {"drifted"}
    os.close(memory)


@pytest.mark.parametrize(("failed", "leader"), [(False, 0), (True, 1)])
def test_drift_is_published_by_the_first_worker_that_could_be_started(
    directory: Path, monkeypatch: pytest.MonkeyPatch, failed: bool, leader: int
) -> None:
    """Once for all, of a fleet and of a single model."""
    published: list[object] = []
    monkeypatch.setattr(Telemetry, "put_drift", lambda _, record: published.append(record))
    for where in (directory, model_dir(directory, load(directory).pooled)):
        memory = os.memfd_create("test")
        os.ftruncate(memory, STATUS)
        places = [Place(number, 2, -1, memory, -1) for number in range(2)]
        services: list[Any] = [assemble(Settings(model_dir=where), place) for place in places]
        if failed:
            places[1].say_failed(0)
        for number, service in list(enumerate(services))[int(failed) :]:
            scorer = service.members.pooled if where == directory else service._scorer
            scorer.monitor.evaluate()
            assert len(published) == (number == leader)
            published.clear()
        os.close(memory)


def test_rows_of_callers_count_for_the_drift_of_whose_model_answered(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    service, _ = start()
    row = of(directory, fleet, OWN[0]).samples.request["records"][0]
    service.bodies([direct(service, row, key) for key in (OWN[0], OWN[1], OWN[0], SMALL)])
    service.bodies([direct(service, row, key, x_synthetic="true") for key in (OWN[0], OWN[2], SMALL)])
    counted = {key: monitor.snapshot().rows for key, monitor in service.members.monitors.items()}
    assert counted == {OWN[0]: 2, OWN[1]: 1, OWN[2]: 0, OWN[3]: 0}
    assert service.members.pooled.monitor.snapshot().rows == 1
