"""Functions of a value with their arguments, and a value of one type as one of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, empty
from emulator.monitor.kql.scalars import Class, Scalar
from emulator.monitor.kql.table import Bound, Row, constant
from emulator.monitor.kql.values import dynamic_of

_FITS: Final[dict[Class, tuple[Kind, ...]]] = {
    "text": ("string", "dynamic"),
    "number": NUMBERS,
    "whole": WHOLE,
    "bool": ("bool",),
    "datetime": ("datetime",),
    "timespan": ("timespan",),
    "dynamic": ("dynamic",),
    "time": ("datetime", "timespan"),
}


def count_arguments(call: s.Call, least: int, most: int | None) -> None:
    """QueryFault where a call has fewer or more; most: None where there is no limit."""
    given = len(call.arguments)
    if given < least or (most is not None and given > most):
        wanted = str(least) if most == least else f"between {least} and {most or 'any number of'}"
        raise QueryFault(
            f"{call.name}(): function expects {wanted} argument(s); {given} given.",
            call.at,
            call.name,
            "SEM0219",
        )


def applied(scalar: Scalar, call: s.Call, arguments: list[Bound]) -> Bound:
    """A function of some arguments, as many as it takes; their types are checked here.

    A steady function of constants is a constant, which is found at once.
    """
    ready = [
        _fitting(scalar, place, argument, call.arguments[place].at)
        for place, argument in enumerate(arguments)
    ]
    kinds: tuple[Kind, ...] = tuple(one.kind for one in arguments)
    try:
        kind: Kind = scalar.gives(kinds) if callable(scalar.gives) else scalar.gives
        function = scalar.make(kinds)
    except QueryFault as fault:
        fault.at = fault.at if fault.at >= 0 else call.at
        raise
    runs = [one.run for one in ready]
    missing, nulls = empty(kind), scalar.nulls

    def run(row: Row) -> Any:
        values = [one(row) for one in runs]
        if not nulls and None in values and any(value is None for value in values):
            return missing
        return function(*values)

    if scalar.steady and arguments and all(one.constant for one in ready):
        return _once(kind, run)
    if len(runs) == 1:
        return Bound(kind, _of_one(runs[0], function, missing, nulls))
    return Bound(kind, run)


def _of_one(
    argument: Callable[[Row], Any], function: Callable[..., Any], missing: Any, nulls: bool
) -> Callable[[Row], Any]:
    if nulls:
        return lambda row: function(argument(row))

    def run(row: Row) -> Any:
        value = argument(row)
        return missing if value is None else function(value)

    return run


def _once(kind: Kind, run: Callable[[Row], Any]) -> Bound:
    value = run(())
    return constant(kind, value)


def _fitting(scalar: Scalar, place: int, argument: Bound, at: int) -> Bound:
    """An argument as the function takes it."""
    wanted = scalar.takes[min(place, len(scalar.takes) - 1)]
    if wanted in ("any", "type"):
        return constant("string", "") if wanted == "type" else argument
    if wanted == "scalar":
        return _converted(argument, "string")
    if argument.kind not in _FITS[wanted]:
        expected = " or ".join(_FITS[wanted])
        raise QueryFault(
            f"{scalar.name}(): argument #{place + 1} is of type {argument.kind}; a value of type "
            f"{expected} is expected",
            at,
            code="SEM0064",
        )
    parsed = scalar.name in ("parse_json", "parsejson", "todynamic", "toobject")
    return _converted(argument, "string") if wanted == "text" and not parsed else argument


def _converted(argument: Bound, kind: Kind) -> Bound:
    if argument.kind == kind:
        return argument
    convert, run = converter(argument.kind, kind), argument.run
    return Bound(kind, lambda row: convert(run(row)), argument.constant)


def as_kind(bound: Bound, kind: Kind) -> Bound:
    """A value of a type as one of another that it goes with."""
    if bound.kind == kind:
        return bound
    if kind == "dynamic":
        into, run = dynamic_of(bound.kind), bound.run
        return Bound(kind, lambda row: into(run(row)), bound.constant)
    return _converted(bound, kind)
