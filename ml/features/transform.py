"""What a definition's sources say now, and what of it a table does not have yet.

All statements of a build, over relations: the sources by their names, `history` (all rows of the table) and
`latest` (one a key). Times are UTC. A first build and each later one run the same, on either engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ml.errors import MlopsError
from ml.features.database import Database, in_words, listed, quoted
from ml.features.definition import KNOWN_AT, OVERTAKEN, Feature, FeatureTable
from ml.features.join import MICROSECOND

MADE: Final = "made"  # what the sources say now
NEW: Final = "appended"  # of it, what the table does not have
HISTORY: Final = "history"
LATEST: Final = "latest"
VERSION: Final = "_version"  # columns of these statements; no key, time or feature begins like them
LATE: Final = "_late"
CORRECTED: Final = "_corrected"
TYPES: Final = {"integer": "BIGINT", "number": "DOUBLE", "text": "STRING", "boolean": "BOOLEAN"}
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NEVER: Final = dt.datetime(1, 1, 1, tzinfo=dt.UTC)  # before anything was known
LARGEST: Final = "1.7976931348623157e308"  # of finite numbers; NaN is above it, as infinity is
SIGNED: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
WHOLE: Final = (*SIGNED, "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
NUMBERS: Final = (*WHOLE, "FLOAT", "DOUBLE", "DECIMAL")
FITS: Final = {"integer": NUMBERS, "number": NUMBERS, "text": ("VARCHAR",), "boolean": ("BOOLEAN",)}
TIMES: Final = (
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP_NS",
    "TIMESTAMP_MS",
    "TIMESTAMP_S",
)


def utc(time: dt.datetime) -> str:
    """A time in SQL."""
    return f"timestamp_micros({(time - EPOCH) // dt.timedelta(microseconds=1)})"


def instant(column: str) -> str:
    """A date or time in SQL as a moment of the world; without a zone it is UTC's."""
    return f"CAST({column} AS timestamp_ltz)"


def make(connection: Database, table: FeatureTable, since: dt.datetime | None = None) -> None:
    """Run the transformation into the relation `made`, with each column in its declared type.

    since: earlier events are left out. Raises MlopsError, naming the table and what is wrong.
    """
    sql = table.transformation.sql
    with in_words(f"The transformation of {table.name} cannot run"):
        described = connection.kinds(sql)
    kinds = {name: kind.partition("(")[0] for name, kind in described.items()}
    if wrong := _misfits(table, kinds):
        raise MlopsError(
            f"The transformation of {table.name} answers other types.", "Correct one of both.", wrong
        )
    time = instant(quoted(table.event_time))
    if table.known_at is not None:
        known = instant(quoted(table.known_at))
    else:
        lag = (table.known_after or dt.timedelta(0)).total_seconds()
        known = f"timestamp_micros(unix_micros({time}) + {round(lag * MICROSECOND)})"
    columns = [
        *(f"CAST({quoted(key)} AS {_key_type(kinds[key])}) AS {quoted(key)}" for key in table.key),
        f"{time} AS {quoted(table.event_time)}",
        f"{known} AS {KNOWN_AT}",
        *(_typed(name, feature, kinds[name]) for name, feature in table.features.items()),
    ]
    where = "" if since is None else f" WHERE {time} >= {utc(since)}"
    query = f"SELECT {', '.join(columns)} FROM ({sql}){where}"  # noqa: S608
    with in_words(f"The transformation of {table.name} failed"):
        connection.keep(MADE, query)


def _key_type(kind: str) -> str:
    return "STRING" if kind == "VARCHAR" else "BIGINT"


def _typed(name: str, feature: Feature, kind: str) -> str:
    column, to = quoted(name), TYPES[feature.type]
    cast = f"CAST({column} AS {to})"
    if feature.type == "integer" and kind not in WHOLE:
        said = f"{name} holds fractions, and is declared as an integer"
        cast = f"CASE WHEN {column} <> floor({column}) THEN raise_error('{said}') ELSE {cast} END"
    return f"{cast} AS {column}"


def _misfits(table: FeatureTable, kinds: Mapping[str, str]) -> list[str]:
    wrong = [
        f"{name}: {kinds[name]}, declared is {feature.type}"
        for name, feature in table.features.items()
        if kinds[name] not in FITS[feature.type]
    ]
    times = [table.event_time, *([table.known_at] if table.known_at else [])]
    wrong += [
        f"{name}: {kinds[name]}, a time is a DATE or a TIMESTAMP"
        for name in times
        if kinds[name] not in TIMES
    ]
    wrong += [
        f"{key}: {kinds[key]}, a key is a whole number or a text"
        for key in table.key
        if kinds[key] not in (*WHOLE, "VARCHAR")
    ]
    return wrong


def faults(connection: Database, table: FeatureTable, relation: str) -> list[str]:
    """In words, what of a relation's rows a feature table must not hold; asked by `build` and by `check`."""
    said = _of_values(connection, table, relation)
    versions = listed([*table.key, table.event_time, KNOWN_AT])
    both = f"SELECT 1 FROM {quoted(relation)} GROUP BY {versions} HAVING COUNT(*) > 1"  # noqa: S608
    with in_words(f"{table.name} cannot be looked at"):
        twice = connection.one(f"SELECT COUNT(*) AS n FROM ({both})")["n"]  # noqa: S608
    if twice:
        keys = ", ".join(table.key)
        said.append(f"{twice:,} times there are two rows of one {keys}, event and time of knowledge")
    return said


def _of_values(connection: Database, table: FeatureTable, relation: str) -> list[str]:
    never_null = (*table.key, table.event_time, KNOWN_AT)
    counted = [
        "COUNT(*) AS _rows",
        f"COUNT(*) FILTER (WHERE {KNOWN_AT} < {quoted(table.event_time)}) AS _leaks",
        *(_nulls(name) for name in (*never_null, *table.features)),
    ]
    for name, feature in table.features.items():
        column = quoted(name)
        if feature.minimum is not None:
            counted.append(f"COUNT(*) FILTER (WHERE {column} < {feature.minimum!r}) AS {quoted('<' + name)}")
        if feature.maximum is not None:
            counted.append(f"COUNT(*) FILTER (WHERE {column} > {feature.maximum!r}) AS {quoted('>' + name)}")
        if feature.type == "number":
            counted.append(
                f"COUNT(*) FILTER (WHERE abs({column}) > {LARGEST}) AS {quoted('infinite ' + name)}"
            )
    with in_words(f"{table.name} cannot be looked at"):
        found = connection.one(f"SELECT {', '.join(counted)} FROM {quoted(relation)}")  # noqa: S608
    rows = found["_rows"]
    said = [
        f"{name} is null in {found[f'null {name}']:,} of {rows:,} rows"
        for name in never_null
        if found[f"null {name}"]
    ]
    if found["_leaks"]:
        said.append(f"{found['_leaks']:,} rows were known before their event happened: they leak")
    return said + [
        text for name, feature in table.features.items() for text in _of_feature(name, feature, found, rows)
    ]


def _nulls(name: str) -> str:
    return f"COUNT(*) - COUNT({quoted(name)}) AS {quoted('null ' + name)}"


def _of_feature(name: str, feature: Feature, found: Mapping[str, int], rows: int) -> list[str]:
    said: list[str] = []
    nulls = found[f"null {name}"]
    if nulls > feature.most_null * rows:
        said.append(f"{name} is null in {nulls:,} of {rows:,} rows, more than {feature.most_null:.2%}")
    if feature.minimum is not None and (count := found[f"<{name}"]):
        said.append(f"{name} is below {feature.minimum:g} in {count:,} of {rows:,} rows")
    if feature.maximum is not None and (count := found[f">{name}"]):
        said.append(f"{name} is above {feature.maximum:g} in {count:,} of {rows:,} rows")
    if count := found.get(f"infinite {name}"):
        said.append(f"{name} is infinite or no number in {count:,} of {rows:,} rows")
    return said


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a build. rows: new ones.

    late: known only from this build on, although the sources say an earlier time; corrected: of these, rows
    whose event the table had with other values; overtaken: a later event was known by then; early: not taken
    yet, because they are known only in the future.
    """

    rows: int
    late: int
    corrected: int
    overtaken: int
    early: int


def append(connection: Database, table: FeatureTable, built: dt.datetime | None, now: dt.datetime) -> Counts:
    """Put into the relation `appended` what `made` has and the table has not.

    built: the last build; None: there is none. A row that came to be known since then keeps its time of
    knowledge. One that the last build should have seen came late, or was corrected: nobody can have known it
    before now, so it counts from now on. So rows as of any time in the past stay what they were.
    """
    with in_words(f"What is new in {table.name} cannot be found"):
        connection.keep(NEW, _new(table, built, now))
        found = connection.one(
            f"SELECT COUNT(*) AS rows, COUNT(*) FILTER (WHERE {LATE}) AS late, "  # noqa: S608
            f"COUNT(*) FILTER (WHERE {CORRECTED}) AS corrected, "
            f"COUNT(*) FILTER (WHERE {OVERTAKEN}) AS overtaken, "
            f"(SELECT COUNT(*) FROM {MADE} WHERE {KNOWN_AT} > {utc(now)}) AS early FROM {NEW}",
        )
    return Counts(**found)


def _new(table: FeatureTable, built: dt.datetime | None, now: dt.datetime) -> str:
    """`versions`: of each event the last version that the last build should have seen, as the sources have it
    now; `had`: as the table has it; `on_time`: versions that came to be known since."""
    event, keys, names = quoted(table.event_time), listed(table.key), list(table.features)
    fact = listed([*table.key, table.event_time])
    last = utc(built or NEVER)
    newest = f"ROW_NUMBER() OVER (PARTITION BY {fact} ORDER BY {KNOWN_AT} DESC NULLS LAST) AS {VERSION}"
    differs = " OR ".join(f"made.{quoted(name)} IS DISTINCT FROM h.{quoted(name)}" for name in names)
    return f"""
    WITH on_time AS (SELECT * FROM {MADE} WHERE {KNOWN_AT} > {last} AND {KNOWN_AT} <= {utc(now)}),
    due AS (SELECT *, {newest} FROM {MADE} WHERE {KNOWN_AT} <= {last}),
    versions AS (SELECT * FROM due WHERE {VERSION} = 1),
    had AS (SELECT * FROM (SELECT *, {newest} FROM {HISTORY}) WHERE {VERSION} = 1),
    late AS (
      SELECT {listed([*table.key, table.event_time, *names], "made")},
        h.{KNOWN_AT} IS NOT NULL AS {CORRECTED}
      FROM versions AS made LEFT JOIN had AS h ON {_same([*table.key, table.event_time], "made", "h")}
      WHERE (h.{KNOWN_AT} IS NULL OR {differs}) AND NOT EXISTS (
        SELECT 1 FROM on_time AS o WHERE {_same([*table.key, table.event_time], "made", "o")}
      )
    ),
    new AS (
      SELECT {fact}, {KNOWN_AT}, {listed(names)}, FALSE AS {LATE}, FALSE AS {CORRECTED} FROM on_time
      UNION ALL
      SELECT {fact}, {utc(now)}, {listed(names)}, TRUE, {CORRECTED} FROM late
    )
    SELECT new.*, COALESCE(new.{event} < l.{event}, FALSE) OR new.{event} < MAX(new.{event}) OVER (
        PARTITION BY {listed(table.key, "new")} ORDER BY new.{KNOWN_AT} NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS {OVERTAKEN}
    FROM new LEFT JOIN (SELECT {keys}, {event} FROM {LATEST}) AS l ON {_same(table.key, "new", "l")}
    """  # noqa: S608


def _same(columns: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{quoted(name)} = {right}.{quoted(name)}" for name in columns)


def stored(table: FeatureTable) -> list[str]:
    """The columns of both tables, in their order."""
    return [*table.key, table.event_time, KNOWN_AT, OVERTAKEN, *table.features]


def rows_to_append(table: FeatureTable) -> str:
    """The statement of the rows that history gets."""
    return f"SELECT {listed(stored(table))} FROM {NEW}"  # noqa: S608


def latest_after(table: FeatureTable) -> str:
    """The statement of the latest row of each key, once the new rows are there."""
    columns = listed(stored(table))
    return _latest(table, f"(SELECT {columns} FROM {LATEST} UNION ALL SELECT {columns} FROM {NEW})")  # noqa: S608


def latest_of(table: FeatureTable, relation: str) -> str:
    """The statement of the latest row of each key, from all rows."""
    return _latest(table, quoted(relation))


def _latest(table: FeatureTable, of: str) -> str:
    newest = f"ROW_NUMBER() OVER (PARTITION BY {listed(table.key)} ORDER BY {KNOWN_AT} DESC NULLS LAST)"
    numbered = f"SELECT *, {newest} AS {VERSION} FROM {of} WHERE NOT {OVERTAKEN}"  # noqa: S608
    return f"SELECT {listed(stored(table))} FROM ({numbered}) WHERE {VERSION} = 1"  # noqa: S608
