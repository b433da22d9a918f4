"""How values stand in order, and when two keys are the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from emulator.monitor.kql.table import Bound, Row


def sort_rows(rows: list[Row], keys: list[tuple[Bound, bool, bool]]) -> list[Row]:
    """Rows by keys (value, ascending, nulls first), the first key counting most; equal ones stay in order."""
    ordered = list(rows)
    for bound, ascending, nulls_first in reversed(keys):
        ordered.sort(key=_key(bound, ascending, nulls_first), reverse=not ascending)
    return ordered


def _key(bound: Bound, ascending: bool, nulls_first: bool) -> Callable[[Row], tuple[int, Any]]:
    # the order is turned round for descending keys, and so is the place of nulls in it
    low = 0 if nulls_first == ascending else 3
    run = bound.run

    def key(row: Row) -> tuple[int, Any]:
        value = run(row)
        if value is None:
            return low, 0
        if isinstance(value, float) and math.isnan(value):
            return 1, 0
        return 2, value

    return key


def same(value: Any) -> Any:
    """A value as a key: NaN is NaN, and true is not 1."""
    if isinstance(value, float) and math.isnan(value):
        return "$NaN"
    return ("$bool", value) if isinstance(value, bool) else value


def key_of(runs: list[Callable[[Row], Any]]) -> Callable[[Row], tuple[Any, ...]]:
    """The key of a row in a group or a join."""
    if len(runs) == 1:
        run = runs[0]
        return lambda row: (same(run(row)),)
    return lambda row: tuple(same(run(row)) for run in runs)
