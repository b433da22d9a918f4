"""What Log Analytics has of the revisions: counts in blocks of time, how late, what the gateway saw."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.azure.words import word
from ml.errors import MlopsError
from ml.gateway.breaker import BREAKER_SECONDS
from ml.production.canary.counts import Block, Counts, nothing
from ml.production.canary.metrics import METRICS, Name
from scoring.telemetry.classes import DURATION, OUTLIERS, PROBABILITY, REQUESTS

if TYPE_CHECKING:
    from ml.azure.clients import Azure

FOLDER: Final = Path(__file__).with_name("queries")
FAILED: Final = 400  # statuses from here on
LAG_WINDOW: Final = timedelta(minutes=30)
UNKNOWN_LAG: Final = 300.0  # seconds: where nothing was told of late; Azure promises no less
LAG_EVERY: Final = 60.0
Row = Mapping[str, Any]
Ask = Callable[[str, datetime, datetime], list[Row]]


class Telemetry:
    """ask: the rows of a query over a span of time. role: as Application Insights names the service.
    block_seconds: no shorter than the interval in which a revision tells what it counted."""

    def __init__(self, ask: Ask, role: str, block_seconds: int, now: Callable[[], float] = time.time) -> None:
        self._ask, self._role, self._seconds, self._now = ask, role, block_seconds, now
        self._lag: tuple[float, float] | None = None

    @classmethod
    def of(cls, azure: "Azure", block_seconds: int) -> "Telemetry":
        return cls(workspace(azure), f"{azure.estate.environment}.scoring", block_seconds)

    def lag(self) -> float:
        now = self._now()
        if self._lag is None or now - self._lag[0] >= LAG_EVERY:
            rows = self._ask(query("lag", role=self._role), _time(now) - LAG_WINDOW, _time(now))
            known = bool(rows) and int(rows[0]["rows"] or 0) > 0
            self._lag = (now, max(0.0, float(rows[0]["most"])) if known else UNKNOWN_LAG)
        return self._lag[1]

    def blocks(self, running: str | None, new: str, since: float, until: float) -> list[Block]:
        size = self._seconds
        first, end = -(-since // size) * size, until // size * size
        if end <= first:
            return []
        text = query(
            "counts", role=self._role, running=_release(running or new), new=_release(new), seconds=str(size)
        )
        rows = self._ask(text, _time(first), _time(end))
        return blocks(rows, running, new)

    def failures(self, address: str, since: float) -> int:
        # The breaker's interval may begin anywhere: of two together one holds it.
        text = query("failures", address=_address(address), seconds=str(2 * BREAKER_SECONDS))
        rows = self._ask(text, _time(since), _time(self._now()))
        return int(rows[0]["most"] or 0) if rows else 0


def blocks(rows: Iterable[Row], running: str | None, new: str) -> list[Block]:
    """The rows of counts.kql as blocks, in order of time."""
    found: dict[float, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(_seconds(row["block"]), {}).setdefault(str(row["release"]), []).append(row)
    return [
        Block(
            start,
            counted(of.get(running, [])) if running and running != new else nothing(),
            counted(of.get(new, [])),
        )
        for start, of in sorted(found.items())
    ]


def counted(rows: Iterable[Row]) -> dict[Name, Counts]:
    """What one revision counted in one block."""
    classes: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        edge = float(row["edge"]) if str(row["edge"] or "") else 0.0
        classes.setdefault(str(row["Name"]), []).append((edge, float(row["total"] or 0.0)))
    answered = _over(classes.get(REQUESTS, []), (FAILED,))
    cuts: dict[Name, tuple[float, ...]] = {metric.name: metric.cuts for metric in METRICS}
    predicted = _over(classes.get(PROBABILITY, []), cuts["predictions"])
    flagged = sum(total for _, total in classes.get(OUTLIERS, []))
    return {
        "failures": answered,
        "latency": _over(classes.get(DURATION, []), cuts["latency"]),
        "predictions": predicted,
        # Each scored request is one unit of the probabilities; only its outliers are told.
        "outliers": Counts(predicted.requests, np.minimum(np.array([flagged]), predicted.requests)),
    }


def _over(classes: list[tuple[float, float]], cuts: tuple[float, ...]) -> Counts:
    """How many lie beyond each cut. A class lies beyond those that its lower edge reaches."""
    total = sum(count for _, count in classes)
    over = [sum(count for edge, count in classes if edge >= cut) for cut in cuts]
    return Counts(np.array(float(total)), np.array(over, dtype=np.float64))


def query(name: str, **values: str) -> str:
    """The text of queries/NAME.kql with these values."""
    return Template((FOLDER / f"{name}.kql").read_text("utf-8")).substitute(values)


def workspace(azure: "Azure") -> Ask:
    """Asks Log Analytics for what the estate's Application Insights has, as whoever runs this."""
    from azure.monitor.query import LogsQueryClient

    client = LogsQueryClient(azure.credential, **azure.limits)
    # The estate's own rows, where several estates write to one Log Analytics.
    asked = azure.estate.application_insights_id or azure.estate.log_analytics_id

    def ask(text: str, start: datetime, end: datetime) -> list[Row]:
        answer: Any = azure.granted(
            lambda: client.query_resource(asked, text, timespan=(start, end)),
            "query Log Analytics",
        )
        if word(answer.status) != "Success":
            # A partial answer would count some requests of one revision and all of the other.
            raise MlopsError(
                f"Log Analytics gave a part of the answer only: {answer.partial_error}.",
                "Run the command again; if it stays so, look at the workspace's daily cap.",
            )
        return [dict(zip(table.columns, row, strict=True)) for table in answer.tables for row in table.rows]

    return ask


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(value: Any) -> float:
    return (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).timestamp()


def _release(value: str) -> str:
    return _safe(value, r"r-[0-9a-f]{16}")


def _address(value: str) -> str:
    return _safe(value, r"[0-9A-Za-z.-]+")


def _safe(value: str, pattern: str) -> str:
    """Nothing but what is expected gets into a query's text."""
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{value!r} is not of the form {pattern}")
    return value
