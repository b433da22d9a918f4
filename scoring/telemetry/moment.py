"""The requests of one moment: their counts, and the records of those that events and traces may tell of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scoring.scorer import Batch
from scoring.telemetry.tracecontext import TraceContext

Kind = tuple[str, int]  # route and status


@dataclass(slots=True)
class RequestRecord:
    """One request, written by the layers that answer it. `batch` is there when rows were scored."""

    method: str
    route: str
    status: int
    started_ns: int  # wall clock
    duration_ns: int
    request_id: str
    trace: TraceContext
    problem: str | None = None
    batch: Batch | None = None
    drift_status: str | None = None


@dataclass(slots=True)
class Moment:
    """Requests of one kind. The counts are those of all of them; `records` may be empty."""

    kind: Kind
    durations_ns: list[int]
    scored: int  # requests whose rows were scored
    rows: int
    positives: int
    outliers: int
    records: list[RequestRecord]

    @property
    def requests(self) -> int:
        return len(self.durations_ns)

    @property
    def held_rows(self) -> int:
        """How many rows are kept in memory with the records."""
        return self.rows if self.records else 0

    @property
    def failed(self) -> bool:
        """Whether the service failed, as opposed to the caller."""
        return self.kind[1] >= 500


Put = Callable[[list[RequestRecord]], None]  # hands over the records of one moment, all of one kind


def counted(records: list[RequestRecord]) -> Moment:
    """The moment of these requests, at least one, all of one kind.

    For the thread that answered them, while they are still in the processor's caches.
    """
    scored = rows = positives = outliers = 0
    durations_ns: list[int] = []
    for record in records:
        durations_ns.append(record.duration_ns)
        if (batch := record.batch) is not None:
            scored += 1
            rows += len(batch.labels)
            positives += sum(batch.labels)
            outliers += sum(batch.outlier_flags)
    first = records[0]
    return Moment((first.route, first.status), durations_ns, scored, rows, positives, outliers, records)
