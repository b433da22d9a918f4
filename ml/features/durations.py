"""Lengths of time as people write them: `5 days`, `36 hours`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final

from pydantic import BeforeValidator

UNITS: Final = ("minute", "hour", "day", "week")
WRITTEN: Final = re.compile(rf"(\d{{1,6}}) ({'|'.join(UNITS)})s?")


def duration(value: object) -> dt.timedelta:
    """Raises ValueError for what is no whole number of minutes, hours, days or weeks."""
    if isinstance(value, dt.timedelta):
        return value
    found = WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f"expected a number and one of {', '.join(f'{unit}s' for unit in UNITS)}, as '5 days'"
        )
    return dt.timedelta(**{f"{found[2]}s": int(found[1])})


def written(length: dt.timedelta) -> str:
    """As it would be written, in the greatest unit that fits."""
    minutes = round(length.total_seconds() / 60)
    for unit, size in (("week", 7 * 24 * 60), ("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes % size == 0 and (minutes or unit == "minute"):
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise ValueError(f"{length} is no whole number of minutes")


Duration = Annotated[dt.timedelta, BeforeValidator(duration)]
