"""What is known of a request, and of all that are being answered."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from scoring.http.asgi import Headers, Receive
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.tracecontext import SPAN_DIGITS, TRACE_DIGITS, Digits, continued

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_ID_DIGITS: Final = 32  # of the identifier that a request without one is given
_digits = Digits()  # used by the event loop's thread alone, in which all requests begin


@dataclass(slots=True)
class Request:
    """What an endpoint is given; it fills in the record's batch and drift status."""

    headers: Headers
    receive: Receive
    record: RequestRecord
    complete: bool = False  # whether the whole body has arrived
    rest: str = ""  # what follows the prefix of a route that takes more than one path


class Tasks(set[asyncio.Task[None]]):
    """The server's set of tasks, one for each request that it has read; it counts how many were added."""

    def __init__(self) -> None:
        super().__init__()
        self.added = 0

    def add(self, element: asyncio.Task[None], /) -> None:
        self.added += 1
        super().add(element)


class State:
    """What changes while the service runs; only the event loop's thread touches it."""

    def __init__(self) -> None:
        self.draining = False
        self.tasks = Tasks()
        self.answered = 0
        self.queued = 0  # requests that wait to be answered without a task
        self.turned_away = 0  # connections that were refused, because too many were open

    def begun(self) -> int:
        """The number of requests that have a task and no answer, whether the task runs or still waits.

        A task leaves the server's set some time after its answer, so the set's size would be too high.
        """
        if not self.tasks:
            self.answered = self.tasks.added
        return self.tasks.added - self.answered

    def pending(self) -> int:
        """The number of all requests that have been read and not answered."""
        return self.begun() + self.queued


def begun(method: str, route: str, headers: Headers, started_ns: int) -> RequestRecord:
    """The record of a request with the caller's identifiers, or new ones."""
    digits = _digits.take(_ID_DIGITS + TRACE_DIGITS + SPAN_DIGITS)
    given = headers.get(b"x-request-id")
    request_id = given.decode() if given and _REQUEST_ID.fullmatch(given) else digits[:_ID_DIGITS]
    given = headers.get(b"traceparent")
    trace = continued(given.decode("latin-1") if given else None, digits[_ID_DIGITS:])
    return RequestRecord(method, route, 200, started_ns, 0, request_id, trace)
