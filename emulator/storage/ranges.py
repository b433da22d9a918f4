"""Byte ranges of reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulator.storage.errors import failure

RANGE = re.compile(r"bytes=([0-9]{1,19})-([0-9]{0,19})")


def requested(headers: Mapping[str, str]) -> tuple[int, int | None] | None:
    """First and last byte (None: the end) asked for; None for the whole. ``x-ms-range`` beats ``Range``."""
    text = headers.get("x-ms-range") or headers.get("range")
    if not text:
        return None
    match = RANGE.fullmatch(text.strip())
    if not match:
        raise failure("InvalidHeaderValue", f"Range {text!r}: bytes=FIRST-[LAST] is wanted.")
    first, last = int(match[1]), int(match[2]) if match[2] else None
    if last is not None and last < first:
        raise failure("InvalidHeaderValue", f"Range {text!r} ends before it begins.")
    return first, last


def span(wanted: tuple[int, int | None] | None, size: int) -> tuple[int, int]:
    """Offset and length within a blob of ``size`` bytes; 416 InvalidRange when it begins past the end."""
    if wanted is None:
        return 0, size
    first, last = wanted
    if first >= size:
        raise failure("InvalidRange", content_range=f"bytes */{size}")
    return first, (size - 1 if last is None else min(last, size - 1)) - first + 1
