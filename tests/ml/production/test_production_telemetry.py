"""From rows of Log Analytics to blocks of counts; how late they are; what gets into a query's text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from ml.production.canary.metrics import METRICS
from ml.production.telemetry import LAG_EVERY, UNKNOWN_LAG, Telemetry, blocks, query

RUNNING, NEW = "r-0000000000000001", "r-0000000000000002"
AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def row(release: str, name: str, edge: str, total: float, at: datetime = AT) -> dict[str, Any]:
    return {"release": release, "Name": f"scoring.requests{name}", "edge": edge, "total": total, "block": at}


ROWS = [
    row(RUNNING, "", "200", 90.0),
    row(RUNNING, "", "422", 3.0),
    row(RUNNING, "", "503", 7.0),
    row(RUNNING, ".by_duration", "0", 60.0),
    row(RUNNING, ".by_duration", "10", 30.0),
    row(RUNNING, ".by_duration", "1000", 10.0),
    row(RUNNING, ".by_probability", "0", 40.0),
    row(RUNNING, ".by_probability", "0.3", 30.5),
    row(RUNNING, ".by_probability", "0.9", 19.5),
    row(RUNNING, ".by_outliers", "", 0.75),
    row(NEW, "", "200", 10.0),
]


def test_rows_become_counts_beyond_each_cut() -> None:
    (block,) = blocks(ROWS, RUNNING, NEW)
    assert block.start == AT.timestamp()
    assert block.requests() == (100, 10)
    running = block.running
    assert running["failures"].over.tolist() == [10.0]  # whatever is no success
    cuts = {metric.name: metric.cuts for metric in METRICS}
    latency = dict(zip(cuts["latency"], running["latency"].over.tolist(), strict=True))
    assert (latency[1.0], latency[10.0], latency[15.0], latency[1000.0]) == (40.0, 40.0, 10.0, 10.0)
    predictions = dict(zip(cuts["predictions"], running["predictions"].over.tolist(), strict=True))
    assert (predictions[0.1], predictions[0.3], predictions[0.4], predictions[0.9]) == (
        50.0,
        50.0,
        19.5,
        19.5,
    )
    assert running["predictions"].requests == running["outliers"].requests == 90.0
    assert running["outliers"].over.tolist() == [0.75]
    assert block.new["latency"].requests == 0  # not told yet: says nothing


def test_blocks_are_in_order_and_a_release_alone_has_none_beside_it() -> None:
    later = datetime(2026, 11, 29, 12, 1, tzinfo=UTC)
    found = blocks([row(NEW, "", "200", 5.0, later), row(NEW, "", "200", 4.0)], None, NEW)
    assert [block.requests() for block in found] == [(0, 4), (0, 5)]


class Asked:
    def __init__(self, *answers: list[Mapping[str, Any]]) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, datetime, datetime]]()

    def __call__(self, text: str, start: datetime, end: datetime) -> list[Mapping[str, Any]]:
        self.asked.append((text, start, end))
        return self.answers.pop(0)


def test_only_whole_blocks_are_asked_for() -> None:
    asked = Asked([])
    telemetry = Telemetry(asked, "prod.scoring", 15)
    assert telemetry.blocks(RUNNING, NEW, 100.0, 119.9) == []  # 105 to 120 has not ended
    assert asked.asked == []
    telemetry.blocks(RUNNING, NEW, 100.0, 151.0)
    text, start, end = asked.asked[0]
    assert (start.timestamp(), end.timestamp()) == (105.0, 150.0)
    assert f'release in ("{RUNNING}", "{NEW}")' in text
    assert "bin(TimeGenerated, 15s)" in text


def test_the_lag_is_the_longest_and_asked_for_now_and_then() -> None:
    now = [1000.0]
    asked = Asked([{"most": 42.5, "rows": 7}], [{"most": None, "rows": 0}])
    telemetry = Telemetry(asked, "prod.scoring", 15, lambda: now[0])
    assert telemetry.lag() == telemetry.lag() == 42.5
    now[0] += LAG_EVERY
    assert telemetry.lag() == UNKNOWN_LAG


def test_failures_of_a_backend() -> None:
    asked = Asked([{"most": 17}], [{"most": None}], [])
    telemetry = Telemetry(asked, "prod.scoring", 15)
    assert [telemetry.failures("10.30.8.7", 0.0) for _ in range(3)] == [17, 0, 0]
    assert '"10.30.8.7:"' in asked.asked[0][0]


def test_nothing_but_a_release_or_an_address_gets_into_a_query() -> None:
    telemetry = Telemetry(Asked(), "prod.scoring", 15)
    with pytest.raises(ValueError, match="not of the form"):
        telemetry.blocks(RUNNING, 'r-1") or true', 0.0, 100.0)
    with pytest.raises(ValueError, match="not of the form"):
        telemetry.failures('10.0.0.1" or true', 0.0)
    with pytest.raises(KeyError):
        query("counts", role="x")
