"""Waiting for a group: what the gateway is asked meanwhile, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from infra.alerts import METRICS
from ml.deploy import ready
from ml.errors import MlopsError
from scoring.logs import SELF_TEST_PASSED

FAILURES = next(rule for rule in METRICS if rule.key == "gateway-failures")


@dataclass
class World:
    """A group whose log says at second `loaded` that it has the model, and that answers from `answers` on."""

    loaded: float
    answers: float
    shows_log: bool = True
    restarted: int = 0
    now: float = 0.0
    failed: list[float] = field(default_factory=list[float])

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def get(self, path: str) -> Any:
        if self.now < self.answers:
            self.failed.append(self.now)
            return SimpleNamespace(status_code=503, text="nobody answers")
        return SimpleNamespace(status_code=200, text="{}")

    def log_tail(self, group: str, container: str, lines: int) -> list[str]:
        if not self.shows_log:
            raise HttpResponseError("no log")
        return [f'{{"message":"{SELF_TEST_PASSED}"}}'] if self.now >= self.loaded else ["starting workers"]

    def restarts(self, group: str) -> int:
        return self.restarted


def wait(world: World, monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(ready, "time", world)
    monkeypatch.setattr(ready, "ContainerGroups", lambda azure: world)
    settings = SimpleNamespace(
        azure=SimpleNamespace(poll_seconds=1.0), scoring=SimpleNamespace(ready_seconds=300)
    )
    azure = SimpleNamespace(settings=settings, report=SimpleNamespace(line=lambda text: None))
    endpoint = SimpleNamespace(get=world.get, ready_path="/readyz", address="https://gateway")
    return ready.wait(cast("Any", azure), cast("Any", endpoint), "group", "scoring")


def most_in_a_window(failed: list[float]) -> int:
    return max(sum(at <= other < at + 300 for other in failed) for at in failed)


@pytest.mark.parametrize("loaded", [0.0, 5.0, 29.0])
@pytest.mark.parametrize("later", [0.0, 2.0, 20.0])
def test_a_start_wakes_nobody(loaded: float, later: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the model is loaded, fewer asks fail than the rule gateway-failures takes."""
    world = World(loaded, loaded + later)
    seconds = wait(world, monkeypatch)
    assert most_in_a_window([*world.failed, -1e9]) <= FAILURES.threshold
    assert loaded + later <= seconds <= loaded + 3 * later + 3


def test_what_answers_already_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wait(World(0.0, 0.0), monkeypatch) == 0.0


def test_what_a_gateway_answers_is_one_line_of_progress() -> None:
    answer = SimpleNamespace(
        status_code=503, text='{\n  "title": "Service Unavailable",\n  "status": 503\n}\n'
    )
    endpoint = SimpleNamespace(get=lambda path: answer, ready_path="/readyz")
    assert ready.asked(cast("Any", endpoint)) == '503: { "title": "Service Unavailable", "status": 503 }'


def test_a_log_that_is_not_shown_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(0.0, 3.0, shows_log=False)
    assert ready.SILENT_SECONDS <= wait(world, monkeypatch) <= ready.SILENT_SECONDS + 5
    assert len(world.failed) == 1


def test_a_crash_and_a_service_that_never_answers_end_with_their_log(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MlopsError, match="was restarted 7 times"):
        wait(World(1e9, 1e9, restarted=7), monkeypatch)
    world = World(1e9, 1e9)
    with pytest.raises(MlopsError, match=r"not ready after 300 s: 503: nobody answers"):
        wait(world, monkeypatch)
    assert most_in_a_window(world.failed) < 60
