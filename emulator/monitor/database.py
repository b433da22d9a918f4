"""The telemetry that arrived: one sqlite file, written by ingestion, read by whoever asks."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.monitor.tables import COMMON, DELETED, JSON_COLUMNS, TABLES, schema
from emulator.state import mark, open_database

REMEDY = (
    "Nothing was started. It holds telemetry and nothing else; to begin with empty tables move it away: "
    "mv {path} {path}.damaged"
)
VERSION = 1  # of the database: from 1 on all tables have all columns
Row = dict[str, Any]  # a row by column; JSON columns decoded


@dataclass(frozen=True, slots=True)
class TableCount:
    """How much a table holds; times are ISO 8601, "" for an empty table."""

    table: str
    rows: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class MetricValue:
    """The newest point of a metric with certain dimensions in one role, and how many points there are."""

    name: str
    role: str
    time: str
    value: float  # mean of the values that the point stands for
    properties: Mapping[str, str]
    points: int


@dataclass(frozen=True, slots=True)
class Operation:
    """The requests of one name in one role; durations in milliseconds."""

    role: str
    name: str
    count: int
    failed: int
    median_ms: float
    p95_ms: float


class Database:
    """Reads and writes. Thread-safe; other processes may read at the same time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = open_database(path, schema(), REMEDY.format(path=path), VERSION)
        self._db.row_factory = sqlite3.Row
        self._add_columns()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add(self, items: Iterable[tuple[str, Row]]) -> None:
        """Write rows (table, columns): all of them or none. JSON columns are given as values."""
        with self._transaction():
            for table, row in items:
                columns = [name for name in (*COMMON, *TABLES[table]) if name in row]
                values = [json.dumps(row[name]) if name in JSON_COLUMNS else row[name] for name in columns]
                marks = ", ".join("?" * len(columns))
                statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
                self._db.execute(statement, values)

    def settle(self, workspaces: set[str], deleted: set[str], components: Mapping[str, str]) -> None:
        """Move the rows of deleted workspaces aside and those of recovered ones back, remove the others'.

        workspaces, deleted: TenantId of those that exist, and of those that can be recovered; components:
        folded id of each -> TenantId of its workspace, for rows that do not say it yet.
        """
        for table, columns in TABLES.items():
            held, names = f"{DELETED}{table}", ", ".join((*COMMON, *columns))
            with self._transaction():
                unknown = f"SELECT DISTINCT _ResourceId FROM {table} WHERE TenantId IS NULL"  # noqa: S608
                for (owner,) in self._found(unknown):
                    self._db.execute(
                        f"UPDATE {table} SET TenantId = ? WHERE TenantId IS NULL AND _ResourceId IS ?",  # noqa: S608
                        (components.get(owner or "", ""), owner),
                    )
                for source, target, right, other in (
                    (table, held, workspaces, deleted),
                    (held, table, deleted, workspaces),
                ):
                    for (tenant,) in self._found(f"SELECT DISTINCT TenantId FROM {source}"):  # noqa: S608
                        if tenant in right:
                            continue
                        if tenant in other:
                            self._db.execute(
                                f"INSERT INTO {target} ({names}) SELECT {names} FROM {source} "  # noqa: S608
                                "WHERE TenantId = ?",
                                (tenant,),
                            )
                        self._db.execute(f"DELETE FROM {source} WHERE TenantId = ?", (tenant,))  # noqa: S608

    def purge(
        self, table: str, tenant: str, until: str, hits: Iterable[tuple[str, Callable[[Any], bool]]]
    ) -> int:
        """Delete the rows of a workspace that came until then and meet each condition; how many those were.

        hits: columns, and whether a value as it is stored meets the condition.
        """
        conditions = list(hits)
        columns = ", ".join(["rowid", *(column for column, _ in conditions)])
        wanted = f"SELECT {columns} FROM {table} WHERE TenantId = ? AND _TimeReceived <= ?"  # noqa: S608
        with self._transaction():
            gone = [
                (row[0],)
                for row in self._db.execute(wanted, (tenant, until)).fetchall()
                if all(hit(row[place]) for place, (_, hit) in enumerate(conditions, start=1))
            ]
            self._db.executemany(f"DELETE FROM {table} WHERE rowid = ?", gone)  # noqa: S608
        return len(gone)

    def summary(self) -> list[TableCount]:
        """Each table with its number of rows and its first and last times."""
        query = "SELECT COUNT(*), COALESCE(MIN(TimeGenerated), ''), COALESCE(MAX(TimeGenerated), '') FROM "
        return [TableCount(table, *self._rows(query + table)[0]) for table in TABLES]

    def latest(self, table: str, limit: int = 20, *, role: str = "", name: str = "") -> list[Row]:
        """The newest rows of a table, newest first; of one AppRoleName or Name if given."""
        if table not in TABLES:
            raise ValueError(f"table is {table!r}; one of {', '.join(TABLES)} is needed")
        conditions, arguments = ["1"], []
        for column, wanted in (("AppRoleName", role), ("Name", name)):
            if wanted:
                conditions.append(f"{column} = ?")
                arguments.append(wanted)
        where = " AND ".join(conditions)
        query = f"SELECT * FROM {table} WHERE {where} ORDER BY TimeGenerated DESC, rowid DESC LIMIT ?"  # noqa: S608
        return [_decoded(row) for row in self._rows(query, *arguments, limit)]

    def requests(self, limit: int = 20, per_name: int = 0) -> list[Row]:
        """The newest requests; with ``per_name``, at most so many of one name: probes hide nothing."""
        if not per_name:
            return self.latest("AppRequests", limit)
        return self.query(
            f"SELECT {', '.join((*COMMON, *TABLES['AppRequests']))} FROM "  # noqa: S608
            "(SELECT *, ROW_NUMBER() OVER (PARTITION BY AppRoleName, Name ORDER BY TimeGenerated DESC) "
            "AS place FROM AppRequests) WHERE place <= ? ORDER BY TimeGenerated DESC LIMIT ?",
            per_name,
            limit,
        )

    def operations(self) -> list[Operation]:
        """All requests by role and name: how many, how many failed, how long they took."""
        durations: dict[tuple[str, str], list[float]] = {}
        failed: Counter[tuple[str, str]] = Counter()
        query = "SELECT AppRoleName, Name, DurationMs, Success FROM AppRequests ORDER BY DurationMs"
        for role, name, duration, success in self._rows(query):
            key = (role or "", name or "")
            durations.setdefault(key, []).append(duration)
            failed[key] += not success
        return [
            Operation(
                role, name, len(times), failed[role, name], _quantile(times, 0.5), _quantile(times, 0.95)
            )
            for (role, name), times in sorted(durations.items())
        ]

    def dependencies(self, limit: int = 20) -> list[Row]:
        return self.latest("AppDependencies", limit)

    def traces(self, limit: int = 20) -> list[Row]:
        return self.latest("AppTraces", limit)

    def exceptions(self, limit: int = 20) -> list[Row]:
        return self.latest("AppExceptions", limit)

    def events(self, limit: int = 20, name: str = "") -> list[Row]:
        return self.latest("AppEvents", limit, name=name)

    def metrics(self) -> list[MetricValue]:
        """Each metric of each role and dimensions with its newest point, by name."""
        query = (
            "SELECT m.Name, m.AppRoleName, m.TimeGenerated, m.Sum / MAX(m.ItemCount, 1), m.Properties, "
            "g.points "
            "FROM AppMetrics m JOIN (SELECT Name, AppRoleName, MAX(rowid) AS newest, COUNT(*) AS points "
            "FROM AppMetrics GROUP BY Name, AppRoleName, Properties) g ON m.rowid = g.newest "
            "ORDER BY m.Name, m.AppRoleName, m.Properties"
        )
        return [
            MetricValue(name, role or "", time, value, json.loads(properties or "{}"), points)
            for name, role, time, value, properties, points in self._rows(query)
        ]

    def query(self, statement: str, *arguments: Any) -> list[Row]:
        """The rows of a SELECT over the tables."""
        return [_decoded(row) for row in self._rows(statement, *arguments)]

    def tuples(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over the tables as they are stored: times and JSON are texts."""
        with self._lock, closing(self._db.cursor()) as cursor:
            cursor.row_factory = None
            return cursor.execute(statement, arguments).fetchall()

    def _add_columns(self) -> None:
        """Those that a file of before does not have."""
        with self._transaction():
            for table in TABLES:
                there = {row[1] for row in self._found(f"PRAGMA table_info({table})")}
                for name in COMMON:
                    if name not in there:
                        self._db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {COMMON[name]}")
            mark(self._db, VERSION)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _found(self, statement: str) -> list[sqlite3.Row]:
        return self._db.execute(statement).fetchall()

    def _rows(self, statement: str, *arguments: Any) -> list[sqlite3.Row]:
        with self._lock, closing(self._db.execute(statement, arguments)) as cursor:
            return cursor.fetchall()


def _quantile(ordered: list[float], share: float) -> float:
    """The least value that at least ``share`` of them do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _decoded(row: sqlite3.Row) -> Row:
    return {
        name: json.loads(row[name]) if name in JSON_COLUMNS and row[name] is not None else row[name]
        for name in row.keys()  # noqa: SIM118 - a sqlite row iterates over its values
    }
