"""ISO 8601 time spans of requests: `PT1H`, `START/END`, `START/PT1H`."""

from __future__ import annotations

import re
from typing import Final

from emulator.monitor.kql.values import TICKS, parse_datetime
from emulator.monitor.logs.rows import Span

_DURATION: Final = re.compile(
    r"P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_SECONDS: Final = (7 * 86400, 86400, 3600, 60, 1)


def duration(text: str) -> int | None:
    """Ticks of an ISO 8601 duration without months and years; None for any other text."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    return round(
        sum(float(part or 0) * each for part, each in zip(match.groups(), _SECONDS, strict=True)) * TICKS
    )


def span(text: str, now: int) -> Span:
    """The span that a text means at a time; ValueError for any other text."""
    if not text:
        return Span()
    first, slash, second = text.partition("/")
    if not slash:
        length = duration(first)
        if length is None:
            raise ValueError(f"'{text}' is no ISO 8601 duration, such as PT1H")
        return Span(now - length, now)
    low, high = parse_datetime(first), parse_datetime(second)
    if low is None and (length := duration(first)) is not None and high is not None:
        low = high - length
    if high is None and (length := duration(second)) is not None and low is not None:
        high = low + length
    if low is None or high is None or low > high:
        raise ValueError(f"'{text}' is no ISO 8601 span, such as 2026-11-29T00:00:00Z/PT1H")
    return Span(low, high)
