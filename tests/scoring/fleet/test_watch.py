"""When a member's window is evaluated, and what is told of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scoring.fleet.watch import Watch
from scoring.model.artifact import Artifact
from scoring.model.drift import DriftRules
from scoring.model.schema import Matrix
from scoring.monitor import DriftMonitor, Pace
from tests.scoring.trained import Small

PACE = Pace(rows=100, seconds=10.0)


def monitor_of(artifact: Artifact, member: str = "a") -> DriftMonitor:
    return DriftMonitor(artifact.drift, DriftRules(), PACE, named={"member": member})


@pytest.fixture
def same(model: Small) -> Matrix:
    """One row, many times."""
    return np.repeat(model.test_matrix[:1], 300, axis=0)


def test_a_window_is_evaluated_after_so_many_rows_or_so_long_after_the_last_time(
    artifact: Artifact, same: Matrix
) -> None:
    monitor = monitor_of(artifact)
    watch = Watch({"a": monitor}, PACE)
    found: list[tuple[int, int]] = []
    for now, rows in ((0.0, 0), (1.0, 1), (2.0, 99), (3.0, 1), (12.9, 1), (13.1, 0), (99.0, 0)):
        monitor.observe(same[:rows])
        found.append((watch.look(now), monitor.report.rows))
    assert found == [(0, 0), (1, 1), (0, 1), (1, 101), (0, 101), (1, 102), (0, 102)]


def test_what_changed_is_told_once_with_the_member_and_a_failure_ends_no_others_watching(
    artifact: Artifact, same: Matrix, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitors = {key: monitor_of(artifact, key) for key in ("broken", "drifts", "quiet")}
    watch = Watch(monitors, PACE)

    def fail() -> Any:
        raise RuntimeError("no window")

    monkeypatch.setattr(monitors["broken"], "evaluate", fail)
    for now in (0.0, 1.0):
        for key in ("broken", "drifts"):
            monitors[key].observe(same)
        assert watch.look(now) == 2
    assert monitors["drifts"].report.status == "drifted"
    assert monitors["quiet"].report.evaluated_at is None
    told = [(line.message, line.__dict__["member"]) for line in caplog.records]
    assert told == [
        ("a member's drift window could not be evaluated", "broken"),
        ("drift changed", "drifts"),
        ("a member's drift window could not be evaluated", "broken"),
    ]
