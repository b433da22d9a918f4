"""Puts requests into events: one event for each while there are few, for several when there are many."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from scoring.model.schema import Schema
from scoring.telemetry.allowance import Allowance
from scoring.telemetry.events import MAX_REQUESTS, Privacy, Told, batch_event
from scoring.telemetry.moment import RequestRecord


class Description:
    """Collects the requests of a moment that scored rows, for its events. Used by one thread."""

    def __init__(self, allowance: Allowance, schema: Schema, privacy: Privacy, max_rows: int) -> None:
        """`allowance`: how many events may be sent; each part of one counts."""
        self._allowance, self._schema, self._privacy, self._max_rows = allowance, schema, privacy, max_rows
        self._waiting: list[RequestRecord] = []
        self.thinned = 0  # how many requests are in no event, because there were too many

    def add(self, records: Sequence[RequestRecord]) -> None:
        self._waiting.extend(records)

    def leave_out(self, requests: int) -> None:
        """Count more requests, which are in no event."""
        self.thinned += requests

    def wanted(self, seconds: float) -> int:
        """How many requests, at most, the events can hold that may be sent in so many seconds."""
        return self._allowance.soon(seconds) * MAX_REQUESTS

    def events(self) -> Generator[tuple[RequestRecord, Told]]:
        """The events of all collected requests, each with the first request that is in it.

        There are no more events than allowed, so each holds as many requests as that takes, if their rows
        fit. Requests that are in no event are counted as thinned.
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
