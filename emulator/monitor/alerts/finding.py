"""What an evaluation of a rule found: one combination of dimensions, and whether it violates the "
"condition."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from emulator.monitor.kql.values import MICRO
from emulator.monitor.logs.spans import duration

Json = dict[str, Any]
OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}
"""Words of thresholds; `GreaterOrLessThan` is of dynamic ones, which are not emulated."""


@dataclass(frozen=True, slots=True)
class Finding:
    """dimensions: names with values. value: what was measured, None where nothing was. low: where the window
    that was looked at begins."""

    dimensions: tuple[tuple[str, str], ...]
    violates: bool
    value: float | None
    condition: Json
    low: datetime

    @property
    def key(self) -> str:
        """Of the combination, the same in each evaluation."""
        return "&".join(f"{name}={value}" for name, value in self.dimensions)


def length(text: str) -> timedelta:
    """An ISO 8601 duration of a rule, which ARM has checked."""
    return timedelta(microseconds=(duration(text) or 0) // MICRO)


def included(value: str, given: list[Json], name: str) -> bool:
    """Whether a rule's dimensions let a value of one of them count."""
    for one in given:
        if str(one.get("name", "")).lower() != name.lower():
            continue
        values = [str(each).lower() for each in one.get("values") or []]
        if str(one.get("operator", "Include")).lower() == "exclude":
            return value.lower() not in values
        return "*" in values or value.lower() in values
    return True
