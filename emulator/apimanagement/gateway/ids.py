"""Ids of requests, traces and spans.

No secrets: they come from a generator of this process, which is seeded once. To ask the system for each would
let every other thread go first, four times in a request.
"""

from __future__ import annotations

import random
from typing import Final
from uuid import UUID

_RANDOM: Final = random.Random()  # noqa: S311 - no secret depends on it


def request_id() -> UUID:
    """A UUID of version 4."""
    return UUID(int=_RANDOM.getrandbits(128), version=4)


def trace_id() -> str:
    """Of a trace (W3C Trace Context): 32 hexadecimal digits."""
    return f"{_RANDOM.getrandbits(128):032x}"


def span_id() -> str:
    """Of a span (W3C Trace Context): 16 hexadecimal digits."""
    return f"{_RANDOM.getrandbits(64):016x}"
