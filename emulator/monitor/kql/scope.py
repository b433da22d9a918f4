"""What the names in an expression mean: columns, let statements, tables, functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.aggregates import Compute
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.kql.table import Bound, Column, Row, Table

CALLS: Final = 16
"""How deep functions of a query may call one another."""
Variable = "Bound | Table | Closure"


class Source(Protocol):
    """Where tables come from."""

    def table(self, name: str) -> Table | None:
        """The table of a name; None where there is none."""
        ...

    def names(self) -> list[str]:
        """Of all tables."""
        ...


@dataclass(frozen=True, slots=True)
class Closure:
    """A function of a query, and what its names mean where it stands."""

    function: s.Function
    variables: Mapping[str, Bound | Table | Closure]


@dataclass(frozen=True, slots=True)
class Context:
    """now: ticks. tabular: evaluates a tabular expression (the operators are not known here)."""

    now: int
    source: Source
    variables: Mapping[str, Bound | Table | Closure]
    tabular: Callable[[s.Expression, Context, str], Table]
    calls: int = 0

    def inside(self, variables: Mapping[str, Bound | Table | Closure]) -> Context:
        """Of a function's body."""
        if self.calls >= CALLS:
            raise Unsupported(f"functions that call one another more than {CALLS} deep")
        return Context(self.now, self.source, variables, self.tabular, self.calls + 1)

    def also(self, name: str, value: Bound | Table | Closure) -> Context:
        """With one more variable."""
        return Context(self.now, self.source, {**self.variables, name: value}, self.tabular, self.calls)


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """One aggregate of a `summarize`. arguments: over the rows of the group."""

    arguments: tuple[Bound, ...]
    compute: Compute
    counts: bool  # whether it is the number of rows


@dataclass(slots=True)
class Scope:
    """Of one operator. serialized: whether its rows have an order. inner: the rows of the groups of a
    `summarize`. aggregates: those met in it, whose row is their values; None where they have no place."""

    columns: tuple[Column, ...]
    context: Context
    operator: str = ""
    serialized: bool = False
    aggregates: list[AggregateCall] | None = None
    inner: Scope | None = None
    windows: list[Callable[[list[Row]], list[Any]]] = field(
        default_factory=list[Callable[[list[Row]], list[Any]]]
    )

    def column(self, name: str) -> tuple[int, Kind] | None:
        """Place and type of a column."""
        for place, column in enumerate(self.columns):
            if column.name == name:
                return place, column.kind
        return None

    def window(self, kind: Kind, function: Callable[[list[Row]], list[Any]], at: int, name: str) -> Bound:
        """A value that each row gets from all of them."""
        if not self.serialized:
            raise QueryFault(
                f"Function '{name}' cannot be invoked in current context. Details: the row set must be "
                "serialized (sort it, or use 'serialize')",
                at,
                name,
                "SEM0147",
            )
        place = len(self.columns) + len(self.windows)
        self.windows.append(function)
        return Bound(kind, lambda row: row[place])

    def prepared(self, rows: list[Row]) -> list[Row]:
        """The rows with what windows add to them."""
        for function in self.windows:
            rows = [(*row, value) for row, value in zip(rows, function(rows), strict=True)]
        return rows

    def unresolved(self, name: str, at: int, what: str = "column or scalar expression") -> QueryFault:
        """Azure's words for a name that means nothing."""
        before = f"'{self.operator}' operator: " if self.operator else ""
        return QueryFault(f"{before}Failed to resolve {what} named '{name}'", at, name)
