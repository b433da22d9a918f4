"""W3C trace context: a caller's `traceparent` continued, or a trace begun here."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_bits = random.Random().getrandbits  # noqa: S311 - identifiers must be unique, not secret; seeded by the system


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


def identifier(bits: int) -> str:
    """A random identifier of so many bits, in hexadecimal; never all zeros."""
    return f"{_bits(bits) or 1:0{bits // 4}x}"


def continued(traceparent: str | None) -> TraceContext:
    """A new span in the caller's trace; a header that is absent or malformed begins a new trace."""
    if traceparent and (match := _TRACEPARENT.fullmatch(traceparent)):
        version, trace_id, parent_id, flags, rest = match.groups()
        known = version != "ff" and not (version == "00" and rest)
        if known and trace_id != _NO_TRACE and parent_id != _NO_SPAN:
            return TraceContext(trace_id, identifier(64), parent_id, bool(int(flags, 16) & 1))
    return _new()


def _new() -> TraceContext:
    both = identifier(192)  # one draw for both: it costs as much as a short one
    trace_id, span_id = both[:32], both[32:]
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return _new()
    return TraceContext(trace_id, span_id, None, sampled=True)
