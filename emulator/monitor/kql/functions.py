"""The functions of a value, by their names."""

from __future__ import annotations

from typing import Final

from emulator.monitor.kql import scalars_dynamic, scalars_math, scalars_text, scalars_time
from emulator.monitor.kql.scalars import Scalar

SCALARS: Final[dict[str, Scalar]] = {
    one.name: one
    for module in (scalars_math, scalars_time, scalars_text, scalars_dynamic)
    for one in module.SCALARS
}
ALSO: Final[dict[str, str]] = {
    "iif": "iff",
    "arraylength": "array_length",
    "columnifexists": "column_ifexists",
}
"""Older names of functions."""
