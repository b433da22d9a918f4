"""More load than the service takes, and its end and its workers' ends under load."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scoring.model.artifact import Artifact
from tests.scoring.load import Seen, for_seconds, load, request
from tests.scoring.test_process import resident
from tests.scoring.test_workers import Group, until

CONNECTIONS = 24


@pytest.fixture
def start(model_dir: Path) -> Iterator[Callable[..., Group]]:
    started: list[Group] = []

    def begin(workers: int, **more: str) -> Group:
        group = Group(model_dir, workers, **more)
        started.append(group)
        group.ready()
        return group

    yield begin
    for group in started:
        if group.process.poll() is None:
            group.process.terminate()
            group.ended()


def port(group: Group) -> int:
    return int(group.url.rsplit(":", 1)[1])


def rows(artifact: Artifact, count: int) -> bytes:
    return request({"records": [artifact.samples.request["records"][0]] * count})


def test_beyond_its_limit_it_refuses_and_stays_small(start: Callable[..., Group], artifact: Artifact) -> None:
    group = start(1, SCORING_MAX_IN_FLIGHT="8", SCORING_MAX_QUEUED="8")
    bodies = [rows(artifact, 1), rows(artifact, 20), rows(artifact, 200)]
    asyncio.run(load(port(group), bodies, 8, for_seconds(2.0), retry_factor=0.05))
    before = resident(group.process.pid)
    seen = asyncio.run(load(port(group), bodies, CONNECTIONS, for_seconds(8.0), retry_factor=0.05))
    assert set(seen.statuses) == {200, 429}
    assert seen.without_retry == seen.cut == 0
    assert seen.statuses[200] > 100
    assert resident(group.process.pid) - before < 16 * 1024 * 1024


class Clients:
    """Load from a thread, until told to stop."""

    def __init__(self, group: Group, bodies: list[bytes]) -> None:
        self._stop = threading.Event()
        self.seen = Seen()

        def run() -> None:
            going = lambda: not self._stop.is_set()  # noqa: E731
            self.seen = asyncio.run(load(port(group), bodies, CONNECTIONS, going, retry_factor=0.05))

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def stop(self) -> Seen:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive(), "the load has not ended"
        return self.seen


@pytest.mark.parametrize("workers", [1, 2])
def test_every_accepted_request_is_answered_when_it_is_told_to_end(
    start: Callable[..., Group], artifact: Artifact, workers: int
) -> None:
    group = start(workers)
    clients = Clients(group, [rows(artifact, 1), rows(artifact, 200)])
    threading.Event().wait(1.0)
    group.process.send_signal(signal.SIGTERM)
    assert group.ended() == 0
    seen = clients.stop()
    assert seen.statuses[200] > 0
    assert set(seen.statuses) <= {200, 429}
    assert seen.cut == 0


def test_one_worker_killed_under_load_takes_only_its_own_connections(
    start: Callable[..., Group], artifact: Artifact
) -> None:
    group = start(2)
    clients = Clients(group, [rows(artifact, 1)])
    threading.Event().wait(1.0)
    before = group.workers()
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(group.workers() - before) == 1)
    threading.Event().wait(1.0)
    group.ready()
    seen = clients.stop()
    assert seen.statuses[200] > 0
    assert set(seen.statuses) <= {200, 429}
    assert seen.cut <= CONNECTIONS
    group.process.send_signal(signal.SIGTERM)
    assert group.ended() == 0


@pytest.mark.slow
def test_ten_minutes_at_twice_the_load(model_dir: Path) -> None:
    from tests.scoring.soak import soak

    figures, met = soak(model_dir, 600.0)
    assert met, figures
