"""Which events tell of requests: one each while there are few, one of several when there are many."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from scoring.allowance import Allowance
from scoring.events import MAX_REQUESTS, MAX_ROWS, Privacy, Told, batch_event, rows_of, that_fit
from scoring.schema import Schema
from scoring.telemetry import RequestRecord

FIRST_STEP: Final = 1 / 16  # so many rows more are tried after an event in which all fitted


class Description:
    """Requests that scored rows, until the moment's end. Used by one thread."""

    def __init__(self, allowance: Allowance, schema: Schema, privacy: Privacy, max_rows: int) -> None:
        """`allowance`: of events."""
        self._allowance, self._schema, self._privacy, self._max_rows = allowance, schema, privacy, max_rows
        self._waiting: list[RequestRecord] = []
        self._most = float(min(max_rows, MAX_ROWS))
        self._fit = self._most  # rows of several requests that are likely to fit into one event
        self._step = FIRST_STEP
        self.thinned = 0  # requests that are in no event: there were too many

    def add(self, records: Sequence[RequestRecord]) -> None:
        self._waiting.extend(records)

    def events(self) -> Generator[tuple[RequestRecord, Told]]:
        """The events of all that waits, each with the first of its requests.

        No more of them than are allowed: so many requests go into one as that needs, as far as their
        rows fit.
        """
        waiting, self._waiting = self._waiting, []
        done, allowed = 0, self._allowance.left()
        try:
            while done < len(waiting) and self._allowance.take():
                needed = -(-(len(waiting) - done) // max(1, allowed))
                allowed -= 1
                wanted = waiting[done : done + min(needed, MAX_REQUESTS)]
                next_ones = wanted[: that_fit(wanted, int(self._fit))]
                told = batch_event(next_ones, self._schema, self._privacy, self._max_rows)
                if told.requests < len(next_ones):
                    self._too_many(next_ones[: told.requests])
                elif len(next_ones) < that_fit(wanted, int(self._most)):
                    self._all_fitted()
                yield waiting[done], told
                done += told.requests
        finally:
            self.thinned += len(waiting) - done

    def _too_many(self, fitting: Sequence[RequestRecord]) -> None:
        """That takes twice as long, as rows are encoded again: so it is tried seldom whether more fit."""
        self._fit, self._step = float(sum(map(rows_of, fitting))), FIRST_STEP

    def _all_fitted(self) -> None:
        self._fit, self._step = min(self._most, self._fit + self._step), 2 * self._step
