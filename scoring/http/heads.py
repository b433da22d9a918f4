"""Limits of the heads that are kept, for each connection and for all connections of a process together.

The parser keeps a head until it is complete, and only then can a key be checked. So anybody could fill the
memory. To prevent that, bytes are counted before they are kept, and a head beyond its limit is refused.
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
MOST_HEAD_BYTES: Final = 32 * 1024  # of request line and fields together; the limit of trailers, too
MOST_FIELDS: Final = 100
MOST_WAITING_BYTES: Final = 8 * 1024 * 1024  # of all connections of one process
PIPELINED_BYTES: Final = 4 * 1024  # the memory of a request that waits for its turn, beside its bytes
LINE_BYTES: Final = 21  # what stands around the target in a usual request line, and the head's end
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
    """How many bytes a head with that target and these fields has, without needless white space."""
    return LINE_BYTES + len(target) + sum(len(name) + len(value) + FIELD_BYTES for name, value in fields)


class Refused(Exception):
    """Raised in the parser's callbacks to end its work; never leaves the parser."""


class HeldBytes:
    """Counts the bytes of unfinished heads, and of requests that wait behind another of their connection.

    A head that comes in one piece is not counted, so whoever sends it so is answered whatever others hold
    back. Only the event loop's thread uses it.
    """

    def __init__(self, most: int = MOST_WAITING_BYTES) -> None:
        self.most, self.bytes = most, 0

    def change(self, before: int, after: int) -> bool:
        """Count `after` bytes in place of `before`. False, with nothing changed, when that is too much."""
        total = self.bytes - before + after
        if after > before and total > self.most:
            return False
        self.bytes = total
        return True


def refusal(problem: Problem, put: Put) -> tuple[bytes, bytes]:
    """An answer that ends the connection; telemetry counts it like any other.

    The head, without the server's own headers and the empty line at its end, and the body.
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
