"""Which events tell of requests: one each while there are few, one of several when there are many."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from scoring.model.schema import Schema
from scoring.telemetry.allowance import Allowance
from scoring.telemetry.events import MAX_REQUESTS, Privacy, Told, batch_event
from scoring.telemetry.moment import RequestRecord


class Description:
    """Requests that scored rows, until the moment's end. Used by one thread."""

    def __init__(self, allowance: Allowance, schema: Schema, privacy: Privacy, max_rows: int) -> None:
        """`allowance`: of events, each part counted."""
        self._allowance, self._schema, self._privacy, self._max_rows = allowance, schema, privacy, max_rows
        self._waiting: list[RequestRecord] = []
        self.thinned = 0  # requests that are in no event: there were too many

    def add(self, records: Sequence[RequestRecord]) -> None:
        self._waiting.extend(records)

    def leave_out(self, requests: int) -> None:
        """There were more of them, which are in no event."""
        self.thinned += requests

    def wanted(self, seconds: float) -> int:
        """How many requests, at most, the events of a moment that ends so soon can tell of."""
        return self._allowance.soon(seconds) * MAX_REQUESTS

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
                wanted = waiting[done : done + needed]
                told = batch_event(wanted, self._schema, self._privacy, self._max_rows)
                self._allowance.spend(len(told.parts) - 1)
                yield waiting[done], told
                done += told.requests
        finally:
            self.thinned += len(waiting) - done
