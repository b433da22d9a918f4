"""W3C trace context: a caller's `traceparent` continued, or a trace begun here."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
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


def continued(traceparent: str | None) -> TraceContext:
    """A new span in the caller's trace; a header that is absent or malformed begins a new trace."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match:
        version, trace_id, parent_id, flags, rest = match.groups()
        known = version != "ff" and not (version == "00" and rest)
        if known and trace_id != _NO_TRACE and parent_id != _NO_SPAN:
            return TraceContext(trace_id, secrets.token_hex(8), parent_id, bool(int(flags, 16) & 1))
    return TraceContext(secrets.token_hex(16), secrets.token_hex(8), None, sampled=True)
