"""Tables while a query runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.monitor.kql.kinds import Kind

Row = tuple[Any, ...]
INGESTED: Final = "$IngestionTime"
"""The hidden column that `ingestion_time()` reads; no `*` means it, and no answer has it."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind

    @property
    def hidden(self) -> bool:
        return self.name.startswith("$")


@dataclass(frozen=True, slots=True)
class Table:
    """serialized: whether its rows have an order that window functions may use."""

    columns: tuple[Column, ...]
    rows: list[Row]
    serialized: bool = False
    name: str = ""

    def visible(self) -> Table:
        """Without hidden columns."""
        kept = [place for place, column in enumerate(self.columns) if not column.hidden]
        if len(kept) == len(self.columns):
            return self
        return Table(
            tuple(self.columns[place] for place in kept),
            [tuple(row[place] for place in kept) for row in self.rows],
            self.serialized,
            self.name,
        )

    def with_rows(self, rows: list[Row], serialized: bool | None = None) -> Table:
        return Table(self.columns, rows, self.serialized if serialized is None else serialized, self.name)


@dataclass(frozen=True, slots=True)
class Bound:
    """An expression over the rows of one table. constant: the same for each of them."""

    kind: Kind
    run: Callable[[Row], Any]
    constant: bool = False

    def value(self) -> Any:
        """Of a constant."""
        return self.run(())


def constant(kind: Kind, value: Any) -> Bound:
    """One value for all rows."""
    return Bound(kind, lambda row: value, True)


def unique(wanted: str, taken: Iterable[str]) -> str:
    """The name, with the first number after it that makes it new."""
    names = set(taken)
    if wanted not in names:
        return wanted
    number = 1
    while f"{wanted}{number}" in names:
        number += 1
    return f"{wanted}{number}"
