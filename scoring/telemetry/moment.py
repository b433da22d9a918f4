"""The requests of one moment: their counts, and the records of those that events and traces may tell of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.scorer import Batch
from scoring.telemetry.classes import TENTHS
from scoring.telemetry.tracecontext import TraceContext

FEW_ROWS: Final = 32  # up to so many a loop is faster than numpy
Kind = tuple[str, int]  # route and status


@dataclass(slots=True)
class RequestRecord:
    """One request, written by the layers that answer it. `batch` is there when rows were scored.

    `member`: whom a fleet was asked for. None of one model, of a request without one, and where keys of
    members must not leave the service.
    """

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
    member: str | None = None


@dataclass(slots=True)
class Moment:
    """Requests of one kind. The counts are those of all of them; `records` may be empty."""

    kind: Kind
    durations_ns: list[int]
    scored: int  # requests whose rows were scored
    rows: int
    positives: int
    outliers: int
    outlier_shares: float  # the sum of each request's share of rows
    probability_shares: list[float]  # the same of the rows in each tenth of the probability
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
    outlier_shares = 0.0
    tenths = [0.0] * (TENTHS + 1)  # the last one takes the probability 1
    durations_ns: list[int] = []
    for record in records:
        durations_ns.append(record.duration_ns)
        if (batch := record.batch) is not None:
            scored += 1
            if len(batch.labels) == 1:  # most requests: without sums and loops it takes half the time
                rows += 1
                positives += batch.labels[0]
                outliers += (flagged := batch.outlier_flags[0])
                outlier_shares += flagged
                if 0.0 <= (probability := batch.probabilities[0]) <= 1.0:
                    tenths[int(probability * TENTHS)] += 1.0
                continue
            rows += (count := len(batch.labels))
            positives += sum(batch.labels)
            outliers += (flagged := sum(batch.outlier_flags))
            outlier_shares += flagged / count
            if count <= FEW_ROWS:
                share = 1.0 / count
                for probability in batch.probabilities:
                    if 0.0 <= probability <= 1.0:
                        tenths[int(probability * TENTHS)] += share
            else:
                for number, found in enumerate(_in_tenths(batch.probabilities)):
                    tenths[number] += found / count
    tenths[TENTHS - 1] += tenths.pop()
    first = records[0]
    kind = (first.route, first.status)
    return Moment(kind, durations_ns, scored, rows, positives, outliers, outlier_shares, tenths, records)


def _in_tenths(probabilities: list[float]) -> list[int]:
    """How many are in each tenth, and in the last place how many are 1."""
    found = np.array(probabilities)
    found = found[(found >= 0.0) & (found <= 1.0)]
    return np.bincount((found * TENTHS).astype(np.int64), minlength=TENTHS + 1).tolist()
