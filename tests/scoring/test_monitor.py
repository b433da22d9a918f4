import threading
import time

import numpy as np

from scoring.model.drift import DriftReport, DriftRules, WindowCounts
from scoring.monitor import DriftMonitor, Pace
from tests.scoring.trained import Small

RULES = DriftRules(window_rows=400, least_rows=100)


class Published:
    def __init__(self) -> None:
        self.reports: list[tuple[DriftReport, WindowCounts]] = []
        self.came = threading.Event()

    def __call__(self, report: DriftReport, window: WindowCounts) -> None:
        self.reports.append((report, window))
        self.came.set()


def started(model: Small, pace: Pace) -> tuple[DriftMonitor, Published]:
    published = Published()
    monitor = DriftMonitor(model.trained.artifact.drift, RULES, pace, published)
    monitor.start()
    return monitor, published


def test_evaluates_after_enough_rows_and_off_the_request(model: Small) -> None:
    monitor, published = started(model, Pace(rows=100, seconds=60))
    rows = model.test_matrix
    for start in range(0, 90, 10):
        monitor.observe(rows[start : start + 10])
    assert not published.came.wait(0.2)
    monitor.observe(rows[90:100])
    assert published.came.wait(2)
    report, window = published.reports[0]
    assert (report.rows, window.rows) == (100, 100)
    assert monitor.report is report
    monitor.stop()


def test_evaluates_few_rows_after_some_time(model: Small) -> None:
    monitor, published = started(model, Pace(rows=10_000, seconds=0.1))
    assert not published.came.wait(0.3)  # no rows, nothing to say
    monitor.observe(model.test_matrix[:3])
    assert published.came.wait(2)
    assert (published.reports[0][0].status, published.reports[0][0].rows) == ("collecting", 3)
    monitor.stop()


def test_counts_of_many_threads_add_up(model: Small) -> None:
    monitor, _ = started(model, Pace(rows=20, seconds=0.01))
    rows = model.test_matrix[:40]
    threads = [
        threading.Thread(target=lambda: [monitor.observe(rows[i : i + 1]) for i in range(40)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    window = monitor.snapshot()
    assert window.rows == 320
    assert np.array_equal(window.counts.sum(axis=1), [320] * rows.shape[1])
    monitor.stop()


def test_goes_on_when_publishing_fails(model: Small) -> None:
    calls: list[int] = []

    def fails(report: DriftReport, window: WindowCounts) -> None:
        calls.append(report.rows)
        raise RuntimeError("no")

    monitor = DriftMonitor(model.trained.artifact.drift, RULES, Pace(rows=5, seconds=60), fails)
    monitor.start()
    deadline = time.monotonic() + 5
    while len(calls) < 2 and time.monotonic() < deadline:
        monitor.observe(model.test_matrix[:5])
        time.sleep(0.02)
    assert len(calls) >= 2
    monitor.stop()
