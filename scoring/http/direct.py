"""Answers requests to score without ASGI, when they came in a single read and have no defect.

Parsing, a task and the messages of ASGI cost more than the score itself. So such a request is read from its
bytes and answered in the event loop's next turn. While too many requests are pending, it is refused from its
bytes as well: if a refusal cost half of an answer, the service could not even refuse twice its load.

Every other request goes the usual way, which answers it or says what is wrong with it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from scoring.http.asgi import Headers
from scoring.http.heads import MOST_FIELDS, MOST_HEAD_BYTES
from scoring.http.problems import CONTENT_TYPE, too_many
from scoring.http.requests import State, begun
from scoring.kept.keys import Keys
from scoring.model.schema import Matrix
from scoring.telemetry.moment import Put, RequestRecord

log = logging.getLogger(__name__)

LONGEST: Final = 64 * 1024  # bytes of a request that is read this way
MOST_ROWS: Final = 256  # rows that are scored at once; then the event loop does other work
REMEMBERED: Final = 1_024  # the fields of a head of so few bytes are remembered
_FIRST_LINE: Final = b"POST /score HTTP/1.1\r\n"
_FIELD: Final = re.compile(rb"\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)(?=\r\n)")
_MARK: Final = "REQUEST-ID"
_PROBLEM: Final = CONTENT_TYPE.encode()
_UNUSUAL: Final = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


@dataclass(slots=True)
class Whole:
    """The bytes of one whole request; `clock` is the performance counter when they came."""

    data: bytes
    headers: Headers
    body: bytes
    started_ns: int
    clock: int


class Connection(Protocol):
    """What this module needs of the connection that a request came by."""

    held: Whole | None

    def send(self, head: bytes, body: bytes) -> None: ...

    def usual(self, data: bytes) -> None: ...


def read(data: bytes) -> Whole | None:
    """The request, when the bytes are exactly one request to score, plainly written."""
    if not data.startswith(_FIRST_LINE) or len(data) > LONGEST:
        return None
    started_ns, clock = time.time_ns(), time.perf_counter_ns()
    end = data.find(b"\r\n\r\n")
    head = data[len(_FIRST_LINE) - 2 : end + 2]
    headers = _known_fields(head) if end < REMEMBERED else _fields(head)
    if headers is None or headers.get(b"content-length") != b"%d" % (len(data) - end - 4):
        return None
    return Whole(data, headers, data[end + 4 :], started_ns, clock)


def _fields(head: bytes) -> Headers | None:
    """The fields of a head, each after the end of a line; None when the parser has to judge the head.

    It has to when a line is no field, a field comes twice, a field changes how the message is read, or the
    head may be too large.
    """
    if len(_FIRST_LINE) + len(head) > MOST_HEAD_BYTES:
        return None
    fields = _FIELD.findall(head)
    if len(fields) > MOST_FIELDS:
        return None
    headers = {name.lower(): value.rstrip() for name, value in fields}
    # the last line's end belongs to no field
    if len(headers) != len(fields) or head.count(b"\r\n") != len(fields) + 1:
        return None
    stays_open = headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    return headers if stays_open and _UNUSUAL.isdisjoint(headers) else None


# A client sends the same head again and again, so its fields are looked up. Nobody may change them.
_known_fields: Final = lru_cache(maxsize=256)(_fields)


@dataclass(slots=True)
class Ask:
    """A request without defect: its rows [rows, features], their keys, and whether a caller sent them."""

    record: RequestRecord
    matrix: Matrix
    real: bool
    keys: Keys | None


class Answers(Protocol):
    """What the service does for requests that are answered directly."""

    def ask(self, headers: Headers, body: bytes, record: RequestRecord) -> Ask | None:
        """What is asked for; None when the request has to go the usual way."""
        ...

    def bodies(self, asks: list[Ask]) -> list[bytes]:
        """The JSON that answers each."""
        ...


class Direct:
    """One for each process; only the event loop's thread uses it.

    Requests that came in the same turn of the event loop are answered together, step by step: the rows of all
    go through the model at once, and each step finds its code in the processor's caches.
    """

    def __init__(self, state: State, limit: int, answers: Answers, put: Put) -> None:
        self.state, self.put = state, put
        self._limit, self._answers = limit, answers
        self._queue: deque[Connection] = deque()  # of these, some hold no request any more
        self._due = False  # the event loop has been told to answer soon
        # Made once, so that a refusal costs a fraction of an answer even at twice the load.
        problem = too_many(limit)
        self._refused = problem.kind
        self._refused_body = problem.body(_MARK).split(_MARK.encode())
        self._retry_after = b"retry-after: %s\r\n" % problem.headers["retry-after"].encode()

    def take(self, connection: Connection, whole: Whole) -> bool:
        """Refuse the request now or answer it soon; False when it must go the usual way at once."""
        if self.state.draining:
            return False
        if self.state.pending() >= self._limit:
            connection.send(*self._refusal(whole))
            return True
        if not self._due:
            self._answer_soon()
        connection.held = whole
        self._queue.append(connection)
        self.state.queued += 1
        return True

    def drop_held(self, connection: Connection) -> None:
        """Forget the request that the connection holds: nobody waits for the answer any more."""
        if connection.held is not None:
            connection.held = None
            self.state.queued -= 1

    def answer_now(self, connection: Connection) -> None:
        """Answer now what this connection holds; requests of other connections wait for their turn."""
        self._answer_some([connection])

    def _answer_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._answer_held)
        self._due = True

    def _answer_held(self) -> None:
        self._due = False
        try:
            self._answer_some(self._queued())
        finally:  # whatever fails, the requests behind are answered
            if self._queue:  # after probes and whatever else arrived meanwhile
                self._answer_soon()

    def _queued(self) -> Iterator[Connection]:
        while self._queue:
            yield self._queue.popleft()

    def _answer_some(self, connections: Iterable[Connection]) -> None:
        """Answer the first requests that these connections hold, together, until they have MOST_ROWS rows."""
        asks: list[Ask] = []
        asking: list[tuple[Connection, Whole]] = []
        rows = 0
        for connection in connections:
            if (whole := connection.held) is None:
                continue
            self.drop_held(connection)
            if (ask := self._ask(whole)) is None:
                connection.usual(whole.data)
            else:
                asks.append(ask)
                asking.append((connection, whole))
                rows += len(ask.matrix)
            if rows >= MOST_ROWS:
                break
        records: list[RequestRecord] = []
        for (connection, whole), ask, body in zip(asking, asks, self._answered(asks), strict=True):
            if body is None:
                connection.usual(whole.data)
            else:
                connection.send(_head(b"200 OK", b"application/json", body, ask.record), body)
                ask.record.duration_ns = time.perf_counter_ns() - whole.clock
                records.append(ask.record)
        if records:
            self.put(records)

    def _ask(self, whole: Whole) -> Ask | None:
        record = begun("POST", "/score", whole.headers, whole.started_ns)
        try:
            return self._answers.ask(whole.headers, whole.body, record)
        except Exception:
            log.exception("a request goes the usual way", extra={"request_id": record.request_id})
            return None

    def _answered(self, asks: list[Ask]) -> Sequence[bytes | None]:
        if not asks:
            return []
        try:
            return self._answers.bodies(asks)
        except Exception:
            log.exception("requests go the usual way", extra={"requests": len(asks)})
            return [None] * len(asks)

    def _refusal(self, whole: Whole) -> tuple[bytes, bytes]:
        record = begun("POST", "/score", whole.headers, whole.started_ns)
        record.status, record.problem = self._refused.status, self._refused.name
        body = record.request_id.encode().join(self._refused_body)  # an identifier needs no escaping in JSON
        record.duration_ns = time.perf_counter_ns() - whole.clock
        self.put([record])
        return _head(b"429 Too Many Requests", _PROBLEM, body, record, self._retry_after), body


def _head(status: bytes, content_type: bytes, body: bytes, record: RequestRecord, more: bytes = b"") -> bytes:
    """The head of an answer, without the server's own headers and the empty line at its end."""
    trace = record.trace.traceparent.encode()
    return (
        b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%bx-request-id: %b\r\n"
        b"traceparent: %b\r\ntraceresponse: %b\r\n"
    ) % (status, content_type, len(body), more, record.request_id.encode(), trace, trace)
