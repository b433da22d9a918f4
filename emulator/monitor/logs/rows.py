"""The rows of the telemetry that arrived, as tables for queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from emulator.monitor.database import Database
from emulator.monitor.kql.convert import parse_json
from emulator.monitor.kql.kinds import Kind, empty
from emulator.monitor.kql.table import INGESTED, Column, Row, Table
from emulator.monitor.kql.values import TICKS, datetime_text, ticks_of
from emulator.monitor.logs.schema import CLASSIC, SCHEMA, Columns
from emulator.monitor.tables import COMMON, TABLES

LAG_S: Final = 1.0
"""Seconds from arrival until queries see a row; Azure takes from 20 s to some minutes. `faults "
"lag_s=` adds."""


@dataclass(frozen=True, slots=True)
class Span:
    """Ticks from which on and up to which rows count; None without an end."""

    low: int | None = None
    high: int | None = None


class Rows:
    """The tables of some workspaces, or of what belongs to one resource in them."""

    def __init__(
        self,
        database: Database,
        tenants: tuple[str, ...],
        now: int,
        lag_s: float,
        *,
        span: Span | None = None,
        resource: str = "",
        classic: bool = False,
    ) -> None:
        """tenants: customer ids. now: ticks. resource: the folded id of a resource, group or subscription, ""
        for all. classic: whether the tables have their classic names too."""
        self._database, self._tenants, self._resource = database, tenants, resource
        self._span, self._classic = span or Span(), classic
        self._lag = int(lag_s * TICKS)
        self._seen_until = now - self._lag
        self._known: dict[str, Table] = {}

    def names(self) -> list[str]:
        return [*SCHEMA, *(CLASSIC if self._classic else ())]

    def table(self, name: str) -> Table | None:
        """The table with the rows that queries see by now."""
        if name not in self._known:
            if name in SCHEMA:
                self._known[name] = self._read(name)
            elif self._classic and name in CLASSIC:
                self._known[name] = self._renamed(name)
            else:
                return None
        return self._known[name]

    def _read(self, name: str) -> Table:
        schema = SCHEMA[name]
        columns = (*(Column(column, kind) for column, kind in schema), Column(INGESTED, "datetime"))
        if name not in TABLES:
            return Table(columns, [], name=name)
        stored = {**COMMON, **TABLES[name]}
        own: list[tuple[str, Kind]] = [(column, kind) for column, kind in schema if column in stored]
        rest = tuple(_fixed(column, kind, name) for column, kind in schema if column not in stored)
        wanted = [f"COALESCE({column}, '')" if kind == "string" else column for column, kind in own]
        conditions = [f"TenantId IN ({', '.join('?' * len(self._tenants))})", "_TimeReceived <= ?"]
        arguments: list[str] = [*self._tenants, _stored_time(self._seen_until)]
        for sign, end in ((">=", self._span.low), ("<=", self._span.high)):
            if end is not None:
                conditions.append(f"TimeGenerated {sign} ?")
                arguments.append(_stored_time(end))
        if self._resource:
            conditions.append("(_ResourceId = ? OR substr(_ResourceId, 1, ?) = ?)")
            under = f"{self._resource}/"
            arguments += [self._resource, len(under), under]  # type: ignore[list-item]
        statement = (
            f"SELECT {', '.join(wanted)}, _TimeReceived FROM {name} "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} ORDER BY TimeGenerated, rowid"
        )
        reads = [(place, read) for place, (_, kind) in enumerate(own) if (read := _READERS.get(kind))]
        lag, rows = self._lag, list[Row]()
        for row in self._database.tuples(statement, *arguments):
            values = list(row)
            for place, read in reads:
                values[place] = read(values[place])
            ingested = _time(values.pop()) + lag
            rows.append((*values, *rest, ingested))
        return Table(columns, rows, name=name)

    def _renamed(self, name: str) -> Table:
        """A classic table, of the columns of the one that has its rows."""
        source, columns = CLASSIC[name]
        table = self._known.setdefault(source, self._read(source))
        places = {column.name: place for place, column in enumerate(table.columns)}
        found = [(places[old], name) if old != "Type" else (-1, name) for _, _, old in columns]
        as_text = {
            place for place, (_, kind, old) in enumerate(columns) if old == "Success" and kind == "string"
        }
        item = {
            "requests": "request",
            "dependencies": "dependency",
            "customMetrics": "customMetric",
            "customEvents": "customEvent",
            "availabilityResults": "availabilityResult",
            "traces": "trace",
            "exceptions": "exception",
        }[name]
        rows: list[Row] = []
        for row in table.rows:
            made = [item if place < 0 else row[place] for place, _ in found]
            for place in as_text:
                made[place] = "True" if made[place] else "False"
            rows.append((*made, row[-1]))
        made_columns = (*(Column(new, kind) for new, kind, _ in columns), Column(INGESTED, "datetime"))
        return Table(made_columns, rows, name=name)


class Declared:
    """All tables with their columns, by both names, and no rows: for the check of a query."""

    def names(self) -> list[str]:
        return [*SCHEMA, *CLASSIC]

    def table(self, name: str) -> Table | None:
        """A table's columns."""
        columns: Columns
        if name in SCHEMA:
            columns = SCHEMA[name]
        elif name in CLASSIC:
            columns = tuple((new, kind) for new, kind, _ in CLASSIC[name][1])
        else:
            return None
        made = tuple(Column(column, kind) for column, kind in columns)
        return Table((*made, Column(INGESTED, "datetime")), [], name=name)


def _stored_time(ticks: int) -> str:
    """As times stand in the database, which are compared as texts."""
    return datetime_text(max(ticks, 0), 6)


@lru_cache(maxsize=4096)
def _time(text: str) -> int:
    return ticks_of(datetime.fromisoformat(text))


def _fixed(column: str, kind: Kind, table: str) -> Any:
    """What a column that is not stored is in each row. Those that are stored stand before all others."""
    return {"Type": table, "SourceSystem": "Azure"}.get(column, empty(kind))


def _bool(stored: int | None) -> bool | None:
    return None if stored is None else bool(stored)


def _dynamic(stored: str | None) -> Any:
    return parse_json(stored) if stored else None


# how a stored value of a type is read, where it is not read as it is
_READERS: Final[dict[Kind, Callable[[Any], Any]]] = {"datetime": _time, "bool": _bool, "dynamic": _dynamic}
