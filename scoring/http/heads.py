"""How much of a request's head is kept: for each connection, and for all connections of a process together.

The parser keeps a head until it is complete, whoever sends it: nobody has shown a key by then. So bytes are
counted before they are kept, and a head that goes on beyond its limit is refused.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from scoring.http import problems
from scoring.http.problems import CONTENT_TYPE, Problem
from scoring.http.requests import begun
from scoring.telemetry.moment import Put

MOST_TARGET_BYTES: Final = 8 * 1024  # of the request line: the path with its query
MOST_HEAD_BYTES: Final = 32 * 1024  # request line and fields; trailers are held to the same
MOST_FIELDS: Final = 100
MOST_WAITING_BYTES: Final = 8 * 1024 * 1024  # of all connections of one process
PIPELINED_BYTES: Final = 4 * 1024  # what a request takes, beside its bytes, while it waits for its turn
LINE_BYTES: Final = 21  # around the target in the longest usual request line, and the end of the head
FIELD_BYTES: Final = 4  # around a field's name and value
UNKNOWN: Final = "(unknown)"  # method and route of a request of which nothing was read

MALFORMED: Final = Problem(
    problems.MALFORMED, "the bytes are no HTTP request, or the chunks of its body none"
)
TARGET_TOO_LONG: Final = Problem(
    problems.TARGET_TOO_LONG, f"the request's path and query have more than {MOST_TARGET_BYTES} bytes"
)
HEAD_TOO_LARGE: Final = Problem(
    problems.HEAD_TOO_LARGE, f"the head, or the trailers, have more than {MOST_HEAD_BYTES} bytes"
)
TOO_MANY_FIELDS: Final = Problem(problems.HEAD_TOO_LARGE, f"the head has more than {MOST_FIELDS} fields")
TOO_MUCH_WAITS: Final = Problem(
    problems.OVERLOADED,
    "the unfinished heads of all connections are more than is kept; send a head in one piece",
    {"retry-after": "1"},
)
TOO_MANY_CONNECTIONS: Final = Problem(
    problems.OVERLOADED, "as many connections as are taken are open; come again", {"retry-after": "1"}
)


def size(target: bytes, fields: Sequence[tuple[bytes, bytes]]) -> int:
    """Bytes of a head with that target and these fields, plainly written."""
    return LINE_BYTES + len(target) + sum(len(name) + len(value) + FIELD_BYTES for name, value in fields)


class Refused(Exception):
    """Ends the parser's work on a request; within the parser only."""


class Waiting:
    """Bytes of heads that are not complete, and of requests that wait behind another of their connection.

    A head that comes in one piece never counts: callers who send theirs whole are answered whatever others
    hold back. Only the event loop's thread uses it.
    """

    def __init__(self, most: int = MOST_WAITING_BYTES) -> None:
        self.most, self.bytes = most, 0

    def change(self, before: int, after: int) -> bool:
        """Keep `after` bytes in place of `before`; False, with nothing changed, when that is too much."""
        total = self.bytes - before + after
        if after > before and total > self.most:
            return False
        self.bytes = total
        return True


def refusal(problem: Problem, put: Put) -> tuple[bytes, bytes]:
    """An answer that ends the connection, counted like any other: its head without the server's own headers
    and without the empty line, and its body.
    """
    record = begun(UNKNOWN, UNKNOWN, {}, time.time_ns())
    status = record.status = problem.kind.status
    record.problem = problem.kind.name
    put([record])
    body, trace = problem.body(record.request_id), record.trace.traceparent
    fields = {
        "content-type": CONTENT_TYPE,
        "content-length": str(len(body)),
        "connection": "close",
        "x-request-id": record.request_id,
        "traceparent": trace,
        "traceresponse": trace,
        **problem.headers,
    }
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(": ".join(field) for field in fields.items()),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode(), body
