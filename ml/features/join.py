"""As of when? Rows of feature tables beside those of a spine, each as it was known at the spine row's time.

For a spine row of key k and time t the answer is, of the rows of k that were known at t, the one of the
latest event; of two of one event the one known last. Rows that were known later do not exist for it. A row
older than the table's time to live is no answer: its columns are null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ml.errors import MlopsError
from ml.features import windowed
from ml.features.database import Database, in_words, listed, quoted
from ml.features.definition import KNOWN_AT, OVERTAKEN, SPINE, FeatureTable

MICROSECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Features of a table. relation: the name under which its rows, all or the latest, are registered."""

    table: FeatureTable
    features: Sequence[str]
    relation: str


def as_of(wanted: Sequence[Wanted], time: str, *, windows: bool = False) -> str:
    """The statement that answers all columns of the registered spine, and the features.

    time: the spine's column of times. windows: for an engine that has no ASOF JOIN. Rows come in no order.
    """
    join = windowed.joined if windows else _joined
    columns, joins = [f"{SPINE}.*"], list[str]()
    for number, want in enumerate(wanted):
        of = f"t{number}"
        columns += [f"{_alive(want, of, time, quoted(name))} AS {quoted(name)}" for name in want.features]
        joins.append(join(want, of, time))
    return f"SELECT {', '.join(columns)} FROM {SPINE} {' '.join(joins)}"  # noqa: S608


def _alive(want: Wanted, of: str, time: str, feature: str) -> str:
    if want.table.time_to_live is None:
        return f"{of}.{feature}"
    lives = round(want.table.time_to_live.total_seconds() * MICROSECOND)
    event = f"{of}.{quoted(want.table.event_time)}"
    age = f"unix_micros({SPINE}.{quoted(time)}) - unix_micros({event})"
    return f"CASE WHEN {age} <= {lives} THEN {of}.{feature} END"


def _joined(want: Wanted, of: str, time: str) -> str:
    keys = " AND ".join(f"{SPINE}.{quoted(key)} = {of}.{quoted(key)}" for key in want.table.key)
    read = listed([*want.table.key, want.table.event_time, KNOWN_AT, *want.features])
    rows = f"SELECT {read} FROM {quoted(want.relation)} WHERE NOT {OVERTAKEN}"  # noqa: S608
    return f"ASOF LEFT JOIN ({rows}) AS {of} ON {keys} AND {SPINE}.{quoted(time)} >= {of}.{KNOWN_AT}"


def check_spine(connection: Database, wanted: Sequence[Wanted], time: str) -> None:
    """Raises MlopsError unless the spine has its keys and times, of the tables' types and without gaps."""
    kinds = types(connection, SPINE)
    keys = list(dict.fromkeys(key for want in wanted for key in want.table.key))
    needed = list(dict.fromkeys((*keys, time)))
    if lacking := [name for name in needed if name not in kinds]:
        raise MlopsError(
            f"The spine has no column {', '.join(lacking)}; it has {', '.join(kinds)}.",
            "Give it the keys of the feature tables, and name its column of times.",
        )
    if kinds[time] != "TIMESTAMP WITH TIME ZONE":
        raise MlopsError(
            f"The spine's column {time} has the type {kinds[time]}, which is no moment of the world.",
            "Write it as timestamps in UTC, with the zone.",
        )
    for want in wanted:
        rows = types(connection, want.relation)
        for key in want.table.key:
            if (kinds[key] == "VARCHAR") != (rows[key] == "VARCHAR"):
                raise MlopsError(
                    f"The spine's column {key} is {kinds[key]}, and in {want.table.name} it is {rows[key]}.",
                    "Write the keys of both in one type.",
                )
    _refuse_twice(wanted, kinds)
    counted = ", ".join(f"COUNT(*) - COUNT({quoted(name)}) AS {quoted(name)}" for name in needed)
    gaps = connection.one(f"SELECT {counted} FROM {SPINE}")  # noqa: S608
    if empty := {name: count for name, count in gaps.items() if count}:
        said = ", ".join(f"{name} in {count:,}" for name, count in empty.items())
        raise MlopsError(f"The spine has rows without a value: {said}.", "Leave such rows out.")


def _refuse_twice(wanted: Sequence[Wanted], spine: Mapping[str, str]) -> None:
    names = [*spine, *(name for want in wanted for name in want.features)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MlopsError(
            f"{', '.join(twice)} would be there twice: in two feature tables, or in the spine as well.",
            "Name the features that you want as TABLE:FEATURE,FEATURE, or drop the column from the spine.",
        )


def types(connection: Database, relation: str) -> dict[str, str]:
    """The columns of a relation, with DuckDB's names of their types."""
    with in_words(f"{relation} cannot be read"):
        return connection.kinds(f"SELECT * FROM {quoted(relation)}")  # noqa: S608
