"""Whether a value is one of a list: `in` and its kin, `has_any`, `has_all`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.monitor.kql import binary
from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.faults import QueryFault, incomparable
from emulator.monitor.kql.kinds import Kind, together
from emulator.monitor.kql.table import Bound, Row


def among(word: str, value: Bound, items: list[Any]) -> Bound:
    """`in`, `!in`, `in~` and `!in~`; items: of the value's type, texts where the case is folded."""
    folds = word.endswith("~")
    negated, run = word.startswith("!"), value.run
    kind: Kind = "string" if folds else value.kind
    normal = _normal(value.kind, folds)
    known = {_normal(kind, folds)(item) for item in items}

    def run_listed(row: Row) -> bool:
        return (normal(run(row)) in known) is not negated

    return Bound("bool", run_listed, value.constant)


def _normal(kind: Kind, folds: bool) -> Callable[[Any], Any]:
    """How values are compared with those of a list."""
    if folds:
        text = converter(kind, "string")
        return lambda value: text(value).casefold()
    if kind == "dynamic":
        return lambda value: (
            (isinstance(value, bool), value) if isinstance(value, str | int | float) else None
        )
    if kind == "bool":
        return lambda value: (True, value)
    return lambda value: (False, value)


def check_same_kind(given: Kind, wanted: Kind, at: int) -> None:
    """QueryFault where values of a type cannot be compared with those of another."""
    if wanted != "dynamic" and together((given, wanted)) is None:
        raise incomparable(wanted, given, at)


def has_some(word: str, value: Bound, items: list[Any], at: int) -> Bound:
    """`has_any` and `has_all`: terms of a text, whatever their case."""
    if value.kind not in ("string", "dynamic"):
        raise QueryFault(f"Operator '{word}' cannot be applied to type {value.kind}", at, word, "SEM0064")
    wanted = [str(item).casefold() for item in items]
    decide = any if word == "has_any" else all
    text, run = converter(value.kind, "string"), value.run

    def run_has(row: Row) -> bool:
        folded = text(run(row)).casefold()
        return decide(binary.is_term(folded, one) for one in wanted)

    return Bound("bool", run_has, value.constant)
