"""What a service used under load, by the metrics of its container group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from emulator.monitor.kql.values import ticks_of
from ml.release.stage import measured
from tests.emulator.storage import estate
from tests.ml.approval.world import As
from tests.ml.cli.conftest import outputs

__all__ = ["outputs"]

BEGAN = datetime(2026, 11, 29, 10, 0, 30, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=3)
GROUP = f"{estate.GROUP}/providers/Microsoft.ContainerInstance/containerGroups/scoring-stage"
MIB = 1 << 20


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    made = estate.start(tmp_path)
    made.store.put(
        GROUP,
        {
            "id": GROUP,
            "name": "scoring-stage",
            "type": "Microsoft.ContainerInstance/containerGroups",
            "location": estate.LOCATION,
            "properties": {"containers": [], "ipAddress": {}},
        },
    )
    yield made
    made.close()


class Clock:
    """Time that passes when somebody sleeps. at: what happens at which second."""

    def __init__(self) -> None:
        self.now, self.at = 0.0, dict[float, Callable[[], None]]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for due in [one for one in self.at if one <= self.now]:
            self.at.pop(due)()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(measured, "time", made)
    return made


@pytest.fixture
def azure(emulator: Emulator, outputs: dict[str, Any]) -> As:
    subscription, group = estate.SUBSCRIPTION.rpartition("/")[2], estate.GROUP.rpartition("/")[2]
    return As(emulator, {**outputs, "subscription_id": subscription, "resource_group": group}, SIGNED_IN)


def measure(emulator: Emulator, *minutes: tuple[int, float, int]) -> None:
    for minute, cores, memory in minutes:
        at = ticks_of(BEGAN.replace(second=10) + timedelta(minutes=minute))
        emulator.metrics.write(GROUP, "CpuUsage", cores * 1000, at, {"containerName": "scoring"})
        emulator.metrics.write(GROUP, "MemoryUsage", memory * MIB, at, {"containerName": "scoring"})


def test_whole_minutes_under_load_are_counted(emulator: Emulator, azure: As, clock: Clock) -> None:
    measure(emulator, (0, 0.1, 100), (1, 0.8, 300), (2, 0.6, 200), (3, 0.1, 100))
    found, said = measured.profile(azure, "scoring-stage", BEGAN, ENDED, 200.0)
    assert clock.now == 0.0
    assert found is not None and said == "of 2 whole minutes"
    assert (found.cpu_cores_p95, found.memory_bytes_max) == (pytest.approx(0.8), 300 * MIB)
    assert found.requests_per_second == 200.0


def test_what_comes_late_is_waited_for(emulator: Emulator, azure: As, clock: Clock) -> None:
    """The last minute is the one with the most load in it, as caches fill."""
    measure(emulator, (1, 0.6, 200))
    clock.at[65.0] = lambda: measure(emulator, (2, 0.8, 300))
    found, said = measured.profile(azure, "scoring-stage", BEGAN, ENDED, 200.0)
    assert found is not None and said == "of 2 whole minutes" and found.memory_bytes_max == 300 * MIB
    assert 65 <= clock.now <= 65 + measured.ASK_EVERY_SECONDS


def test_what_does_not_come_is_not_waited_for(emulator: Emulator, azure: As, clock: Clock) -> None:
    measure(emulator, (1, 0.6, 200))
    found, said = measured.profile(azure, "scoring-stage", BEGAN, ENDED, 200.0)
    assert found is not None and said == "of 1 whole minute"
    assert clock.now <= measured.LAG_SECONDS + measured.ASK_EVERY_SECONDS


def test_what_is_not_known_is_said(azure: As) -> None:
    assert measured.profile(azure, "scoring-stage", BEGAN, ENDED, 200.0) == (
        None,
        "Azure Monitor has no metrics of the group for that time yet",
    )
    found, said = measured.profile(azure, "scoring-stage", BEGAN, BEGAN + timedelta(seconds=80), 200.0)
    assert found is None and "no whole minute lies in a load of 80 s" in said
    found, said = measured.profile(azure, "another", BEGAN, ENDED, 200.0)
    assert found is None and "Azure Monitor answers 404" in said
