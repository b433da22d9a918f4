"""Times as Azure writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The time, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def at(seconds: float) -> str:
    """A time in seconds since 1970, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
