"""From rows of the queries to what was answered, and sums of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ml.watch.facts import Block, Psi, Took
from scoring.telemetry.classes import BOUNDS_MS

FIELDS: Final = ("requests", "failed", "away", "rows", "outliers")
Row = Mapping[str, Any]


def blocks(rows: Iterable[Row]) -> tuple[Block, ...]:
    """Rows of traffic.kql, in order of time."""
    made = (
        Block(at=_time(row["block"]), **{name: float(row[name] or 0.0) for name in FIELDS}) for row in rows
    )
    return tuple(sorted(made, key=lambda one: one.at))


def took(rows: Iterable[Row]) -> tuple[Took, ...]:
    """Rows of latency.kql, in order of time; a block in which nothing was scored is none."""
    found: dict[dt.datetime, dict[float, float]] = {}
    for row in rows:
        classes = found.setdefault(_time(row["block"]), {})
        classes[float(row["edge"])] = classes.get(float(row["edge"]), 0.0) + float(row["total"] or 0.0)
    return tuple(
        Took(at=at, median_ms=within(classes, 0.5), p95_ms=within(classes, 0.95))
        for at, classes in sorted(found.items())
        if sum(classes.values()) > 0
    )


def within(classes: Mapping[float, float], share: float) -> float | None:
    """The upper edge of the class in which that share is reached: so many took no longer, in milliseconds.

    classes: counts by lower edge. None when it is the last class, which has no upper edge.
    """
    wanted, passed = share * sum(classes.values()), 0.0
    for edge, count in sorted(classes.items()):
        passed += count
        if passed >= wanted:
            return next((bound for bound in BOUNDS_MS if bound > edge), None)
    return None


def windows(rows: Iterable[Row]) -> tuple[Psi, ...]:
    """Rows of windows.kql, by day and feature. A day that has no value of a feature has no row of it."""
    made = (
        Psi(day=_time(row["day"]).date(), feature=str(row["feature"]), psi=float(row["psi"]))
        for row in rows
        if row["psi"] is not None
    )
    return tuple(sorted(made, key=lambda one: (one.day, one.feature)))


def newest(rows: Iterable[Row]) -> dt.datetime | None:
    """The row of newest.kql; None where nothing was told."""
    row = next(iter(rows), None)
    return _time(row["newest"]) if row is not None and int(row["told"] or 0) > 0 else None


def since(all_of: Iterable[Block], at: dt.datetime) -> Block:
    """The sum of the blocks that began no earlier."""
    chosen = [block for block in all_of if block.at >= at]
    return Block(at=at, **{name: sum(getattr(block, name) for block in chosen) for name in FIELDS})


def _time(value: Any) -> dt.datetime:
    found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
