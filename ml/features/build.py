"""A build: what the sources say now goes into a feature table; what it had stays as it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from ml.errors import MlopsError
from ml.features import erased, transform
from ml.features.database import Database, Opening, in_words, quoted
from ml.features.definition import FeatureTable
from ml.features.engine import engine
from ml.features.place import BUILT, Features, Opened, register
from ml.features.sources import Sources
from ml.features.transform import HISTORY, LATEST, MADE
from ml.lake import tables

Told = Callable[[str], None]
MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Built:
    """rows, keys: of the table after it. since: rows of earlier events were not looked at."""

    table: str
    version: int
    built: dt.datetime
    counts: transform.Counts
    rows: int
    keys: int
    newest: dt.datetime | None
    since: dt.datetime | None
    where: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def build(
    table: FeatureTable,
    features: Features,
    sources: Sources,
    now: dt.datetime,
    memory_gb: float = 2.0,
    told: Told = lambda _: None,
    database: Opening | None = None,
) -> Built:
    """Bring a table up to date. memory_gb: of DuckDB; beyond it, work goes on in files.

    database: opens what runs the statements; None: DuckDB on this machine.

    Raises MlopsError, before anything is written, for rows that the table must not hold.
    """
    with database() if database else engine(memory_gb) as connection:
        opened = features.open(table)
        _refuse_other(table, opened, now)
        since = _since(connection, table, opened)
        told("transforming" if since is None else f"transforming rows since {since:%Y-%m-%d %H:%M}")
        sources.register(
            connection, table, None if since is None else since - table.transformation.reaches_back
        )
        transform.make(connection, table, since)
        known = features.erased()
        erased.leave_out(connection, table, known)
        told("checking")
        if wrong := transform.faults(connection, table, MADE):
            raise MlopsError(
                f"The rows of {table.name} are not what {table.name}.toml allows: nothing was written.",
                "Mend the source, or the limits of the features.",
                wrong[:MOST_NAMED],
            )
        if opened is None:
            opened = features.make(table, table.arrow_schema(_key_types(connection, table)))
        register(connection, HISTORY, opened.history)
        _register_latest(connection, table, opened)
        counts = transform.append(connection, table, opened.built, now)
        if features.erased() != known:  # an erasure has looked at the table before these rows are in it
            raise MlopsError(
                f"Somebody was erased while {table.name} was built: nothing was written.", "Run it again."
            )
        told(f"writing {counts.rows:,} rows")
        _write(connection, table, opened, counts, now)
        return _told_of(connection, table, counts, now, since, features.folder(table))


def _told_of(
    connection: Database,
    table: FeatureTable,
    counts: transform.Counts,
    now: dt.datetime,
    since: dt.datetime | None,
    where: str,
) -> Built:
    """What there is after a build, from what there was before it and what is new."""
    before = connection.one(f"SELECT COUNT(*) AS rows FROM {HISTORY}")["rows"]  # noqa: S608
    served = connection.one(
        f"SELECT COUNT(*) AS keys, MAX({quoted(table.event_time)}) AS newest "  # noqa: S608
        f"FROM ({transform.latest_after(table)})",
    )
    return Built(
        table=table.name,
        version=table.version,
        built=now,
        counts=counts,
        rows=before + counts.rows,
        keys=served["keys"],
        newest=served["newest"],
        since=since,
        where=where,
    )


def _refuse_other(table: FeatureTable, opened: Opened | None, now: dt.datetime) -> None:
    if opened is None:
        return
    if opened.digest != table.digest:
        raise MlopsError(
            f"{table.name}.toml has changed what its rows are, and version {table.version} was built before.",
            f"Write version = {table.version + 1}: it is built beside the one that models were trained on.",
        )
    if opened.built is not None and now <= opened.built:
        raise MlopsError(
            f"{table.name} was built at {opened.built:%Y-%m-%d %H:%M:%S} UTC, not before now, {now}.",
            "Set the clock, or wait.",
        )


def _since(connection: Database, table: FeatureTable, opened: Opened | None) -> dt.datetime | None:
    """Rows of events since then are looked at; None: of all."""
    late = table.transformation.late
    if late is None or opened is None or opened.built is None or opened.torn:
        return None
    register(connection, LATEST, opened.latest)
    newest = connection.one(f"SELECT MAX({quoted(table.event_time)}) AS at FROM {LATEST}")["at"]  # noqa: S608
    return None if newest is None else newest - late


def _key_types(connection: Database, table: FeatureTable) -> dict[str, Any]:
    import pyarrow as pa

    kinds = connection.kinds(f"SELECT * FROM {MADE}")  # noqa: S608
    return {key: pa.string() if kinds[key] == "VARCHAR" else pa.int64() for key in table.key}


def _register_latest(connection: Database, table: FeatureTable, opened: Opened) -> None:
    """The latest rows; made anew of all rows where a build was killed between its two commits."""
    if not opened.torn:
        register(connection, LATEST, opened.latest)
        return
    connection.keep(LATEST, transform.latest_of(table, HISTORY))


def _write(
    connection: Database,
    table: FeatureTable,
    opened: Opened,
    counts: transform.Counts,
    now: dt.datetime,
) -> None:
    """Both tables record the build. History is first: where it alone does, the next build mends the other."""
    taken = {BUILT: round(now.timestamp() * 1_000_000)}
    told = {"table": table.name, **asdict(counts)}
    try:
        with in_words(f"The rows of {table.name} cannot be written"):
            connection.append(opened.history, transform.rows_to_append(table), taken=taken, told=told)
            connection.replace(opened.latest, transform.latest_after(table), taken=taken, told=told)
    except tables.TableChangedError as error:
        raise MlopsError(
            f"Another build, or an erasure, of {table.name} has written meanwhile.",
            "Run it again: it goes on from there.",
        ) from error
