"""Durations of ISO 8601, as backends' circuit breakers have them."""

from __future__ import annotations

import re
from typing import Final

FORM: Final = re.compile(
    r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7}(?:\.\d{1,6})?)S)?)?", re.IGNORECASE
)
OF: Final = (86_400, 3_600, 60, 1)


def seconds(text: str) -> float:
    """Seconds of a duration such as PT1M30S. ValueError for what is none, or nothing long."""
    match = FORM.fullmatch(text.strip())
    found = (
        sum(float(part or 0) * unit for part, unit in zip(match.groups(), OF, strict=True)) if match else 0
    )
    if not found:
        raise ValueError(f"{text!r} is no duration of ISO 8601, such as PT1M")
    return found
