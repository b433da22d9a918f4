"""Whether a feature table is what its definition says: fresh, of its columns, in its limits, no leaks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from ml.features import transform
from ml.features.database import listed, quoted
from ml.features.definition import KNOWN_AT, OVERTAKEN, FeatureTable
from ml.features.durations import written
from ml.features.engine import Machine, engine
from ml.features.place import Features, Opened, register
from ml.features.transform import HISTORY, LATEST
from ml.lake import tables

KINDS: Final = {"integer": "int64", "number": "double", "text": "string", "boolean": "bool"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """problems: in words; none: the table is sound. The counts are None where it was not built."""

    table: str
    version: int
    problems: list[str]
    built: dt.datetime | None = None
    newest: dt.datetime | None = None
    rows: int | None = None
    keys: int | None = None


def check(table: FeatureTable, features: Features, now: dt.datetime, memory_gb: float = 2.0) -> Verdict:
    """Look at all rows of a table. Nothing is changed."""
    opened = features.open(table)
    if opened is None or opened.built is None:
        return Verdict(table.name, table.version, [f"it was not built in {features.where}"])
    problems = _of_build(table, opened, now)
    if changed := _of_columns(table, opened):
        return Verdict(table.name, table.version, [*problems, *changed], opened.built)
    with engine(memory_gb) as connection:
        register(connection, HISTORY, opened.history)
        register(connection, LATEST, opened.latest)
        problems += transform.faults(connection, table, HISTORY)
        problems += _of_times(connection, table, opened, now)
        event = quoted(table.event_time)
        found = connection.one(
            f"SELECT (SELECT COUNT(*) FROM {HISTORY}) AS rows, COUNT(*) AS keys, MAX({event}) AS newest "  # noqa: S608
            f"FROM {LATEST}",
        )
    limit = table.freshness.newest
    if limit is not None and (found["newest"] is None or now - found["newest"] > limit):
        newest = "there is none" if found["newest"] is None else f"{found['newest']:%Y-%m-%d %H:%M} UTC"
        problems.append(f"the newest event is older than {written(limit)}: {newest}")
    return Verdict(
        table.name, table.version, problems, opened.built, found["newest"], found["rows"], found["keys"]
    )


def _of_build(table: FeatureTable, opened: Opened, now: dt.datetime) -> list[str]:
    said: list[str] = []
    if opened.built is not None and now - opened.built > table.freshness.built:
        limit = written(table.freshness.built)
        said.append(f"the last build is older than {limit}: {opened.built:%Y-%m-%d %H:%M} UTC")
    if opened.torn:
        said.append("the last build did not end: its latest rows are of an earlier one; build it again")
    if opened.digest != table.digest:
        said.append(f"the definition has changed what its rows are: write version = {table.version + 1}")
    return said


def _of_columns(table: FeatureTable, opened: Opened) -> list[str]:
    """Columns of the tables that the definition does not have, lacks, or has in another type."""
    said: list[str] = []
    wanted = {name: KINDS[feature.type] for name, feature in table.features.items()}
    for name, there in ((HISTORY, opened.history), (LATEST, opened.latest)):
        kinds: dict[str, str] = {field.name: str(field.type) for field in tables.columns(there)}
        known = {*table.key, table.event_time, KNOWN_AT, OVERTAKEN, *wanted}
        said += [f"{name} has the column {column}, unknown to it" for column in kinds if column not in known]
        said += [f"{name} lacks the column {column}" for column in sorted(known) if column not in kinds]
        said += [
            f"{name} has {column} as {kinds[column]}, and it is declared {table.features[column].type}"
            for column, kind in wanted.items()
            if column in kinds and kinds[column].removeprefix("large_") != kind
        ]
    return said


def _of_times(connection: Machine, table: FeatureTable, opened: Opened, now: dt.datetime) -> list[str]:
    """Rows of the future, and latest rows that are not those of all rows, or that lack or are too many."""
    built = transform.utc(opened.built or now)
    event = quoted(table.event_time)
    ahead = connection.one(
        f"SELECT COUNT(*) FILTER (WHERE {KNOWN_AT} > {built}) AS known, "  # noqa: S608
        f"COUNT(*) FILTER (WHERE {event} > {transform.utc(now)}) AS events FROM {HISTORY}",
    )
    said = [f"{ahead['known']:,} rows were known after the last build: they leak"] if ahead["known"] else []
    if ahead["events"]:
        said.append(f"{ahead['events']:,} rows are of events in the future: they leak")
    columns = ", ".join(quoted(name) for name in transform.stored(table))
    due, served = f"({transform.latest_of(table, HISTORY)})", f"(SELECT {columns} FROM {LATEST})"  # noqa: S608
    other = f"({due} EXCEPT ALL {served}) UNION ALL ({served} EXCEPT ALL {due})"
    differ = connection.one(
        f"SELECT COUNT(*) AS n FROM (SELECT DISTINCT {listed(table.key)} FROM ({other}))",  # noqa: S608
    )["n"]
    if differ and not opened.torn:
        said.append(f"the latest rows of {differ:,} keys are not those of all rows")
    return said


@dataclass(frozen=True, slots=True)
class Profile:
    """Of a feature in the latest rows. bars: how many rows fall into each of eight equal ranges."""

    nulls: float
    least: Any
    middle: Any
    greatest: Any
    bars: list[int]


BARS: Final = 8


def profiles(table: FeatureTable, features: Features, memory_gb: float = 2.0) -> dict[str, Profile]:
    """What the latest rows hold, by feature; empty where it was not built or its columns are others."""
    opened = features.open(table)
    if opened is None or _of_columns(table, opened):
        return {}
    with engine(memory_gb) as connection:
        register(connection, LATEST, opened.latest)
        connection.keep("served", f"SELECT * FROM {LATEST}")  # noqa: S608
        return {name: _profile(connection, name, one_.type) for name, one_ in table.features.items()}


def _profile(connection: Machine, name: str, kind: str) -> Profile:
    column = quoted(name)
    numeric = kind in ("integer", "number")
    middle = f"MEDIAN({column})" if numeric else f"MODE({column})"
    found = connection.one(
        f"SELECT COUNT(*) AS rows, COUNT(*) - COUNT({column}) AS nulls, MIN({column}) AS least, "  # noqa: S608
        f"{middle} AS middle, MAX({column}) AS greatest FROM served",
    )
    bars: list[int] = []
    if numeric and found["least"] is not None and found["greatest"] > found["least"]:
        width = (found["greatest"] - found["least"]) / BARS
        place = f"LEAST({BARS - 1}, CAST(floor(({column} - {found['least']!r}) / {width!r}) AS INTEGER))"
        counted = ", ".join(f"COUNT(*) FILTER (WHERE {place} = {bar}) AS b{bar}" for bar in range(BARS))
        bars = list(connection.one(f"SELECT {counted} FROM served").values())  # noqa: S608
    nulls = found["nulls"] / found["rows"] if found["rows"] else 0.0
    return Profile(nulls, found["least"], found["middle"], found["greatest"], bars)
