"""Numbers side by side, with enough digits to see which one is greater."""

from __future__ import annotations

ENOUGH, MOST = 8, 17  # decimals: of a limit that has no end, and of numbers that are nearly the same


def told_apart(found: float | None, limit: float, decimals: int = 3) -> tuple[str | None, str]:
    """Two numbers with as many decimals, at least those given, as it takes to see which is the greater.

    They read the same only when they are the same. What could not be measured has no digits: None.
    """
    if found is None:
        return None, told_apart(limit, limit, decimals)[1]
    for places in range(decimals, MOST + 1):
        shown = f"{found:.{places}f}", f"{limit:.{places}f}"
        told = found == limit or shown[0] != shown[1]
        if told and (float(shown[1]) == limit or places >= ENOUGH):
            return shown
    return repr(found), repr(limit)
