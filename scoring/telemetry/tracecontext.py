"""Identifiers of requests, and W3C trace context: a caller's trace continued, or one begun here."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
TRACE_DIGITS: Final = len(_NO_TRACE)
SPAN_DIGITS: Final = len(_NO_SPAN)
DRAWN: Final = 8_192  # bytes


@dataclass(slots=True)
class TraceContext:
    """Identifiers in lower-case hexadecimal. `parent_id` is the caller's span, or None."""

    trace_id: str
    span_id: str
    parent_id: str | None
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The value that continues this trace from the request's own span."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


class Digits:
    """Random hexadecimal digits. They are drawn many at a time: a draw is most of an identifier's cost.

    Unique, not secret; seeded by the system. One thread only.
    """

    def __init__(self) -> None:
        self._draw = random.Random().randbytes  # noqa: S311 - they protect nothing
        self._digits, self._next = "", 0

    def take(self, count: int) -> str:
        """So many digits, at most 2 * DRAWN, each handed out once."""
        start = self._next
        self._next = end = start + count
        if end > len(self._digits):
            self._digits, start, self._next = self._draw(DRAWN).hex(), 0, count
            end = count
        return self._digits[start:end]


def continued(traceparent: str | None, digits: str) -> TraceContext:
    """A new span in the caller's trace; a header that is absent or malformed begins a new trace.

    `digits`: random ones for a trace and a span.
    """
    trace_id, span_id = digits[:TRACE_DIGITS], digits[TRACE_DIGITS:]
    if span_id == _NO_SPAN:
        span_id = f"{1:0{SPAN_DIGITS}}"
    if traceparent and (match := _TRACEPARENT.fullmatch(traceparent)):
        version, caller, parent_id, flags, rest = match.groups()
        known = version != "ff" and not (version == "00" and rest)
        if known and caller != _NO_TRACE and parent_id != _NO_SPAN:
            return TraceContext(caller, span_id, parent_id, bool(int(flags, 16) & 1))
    if trace_id == _NO_TRACE:
        trace_id = f"{1:0{TRACE_DIGITS}}"
    return TraceContext(trace_id, span_id, None, sampled=True)
