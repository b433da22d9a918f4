"""The join of ml.features.join for an engine without ASOF JOIN: windows instead, and the same rows.

The times at which a key's rows were known and those at which it was asked about are put in one order; the
latest of the first until each of the second names the row. No key's rows are held against each other, so it
takes a sort and no more, whatever the number of rows a key has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ml.features.database import listed, quoted
from ml.features.definition import KNOWN_AT, OVERTAKEN, SPINE

if TYPE_CHECKING:
    from ml.features.join import Wanted

AT: Final = "_at"  # columns of these statements; no key or feature begins like them
KNOWN: Final = "_known"
ASKED: Final = "_asked"


def joined(want: Wanted, of: str, time: str) -> str:
    """The two joins by which the features of a table, called `of`, come beside the spine's rows."""
    keys, matched = want.table.key, f"{of}_at"
    rows = f"SELECT {listed([*keys, want.table.event_time, KNOWN_AT, *want.features])} FROM {_rows(want)}"  # noqa: S608
    return (
        f"LEFT JOIN ({_matched(want, time)}) AS {matched} ON {_same(keys, SPINE, matched)} "
        f"AND {SPINE}.{quoted(time)} = {matched}.{AT} "
        f"LEFT JOIN ({rows}) AS {of} ON {_same(keys, matched, of)} AND {matched}.{KNOWN} = {of}.{KNOWN_AT}"
    )


def _matched(want: Wanted, time: str) -> str:
    """Of each key and time that is asked about: when the row that answers was known."""
    keys = listed(want.table.key)
    both = (
        f"SELECT DISTINCT {keys}, {quoted(time)} AS {AT}, CAST(NULL AS timestamp_ltz) AS {KNOWN}, "  # noqa: S608
        f"TRUE AS {ASKED} FROM {SPINE} "
        f"UNION ALL SELECT {keys}, {KNOWN_AT}, {KNOWN_AT}, FALSE FROM {_rows(want)}"
    )
    latest = (
        f"MAX({KNOWN}) OVER (PARTITION BY {keys} ORDER BY {AT} NULLS LAST "
        "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )
    numbered = f"SELECT {keys}, {AT}, {ASKED}, {latest} AS {KNOWN} FROM ({both})"  # noqa: S608
    return f"SELECT {keys}, {AT}, {KNOWN} FROM ({numbered}) WHERE {ASKED}"  # noqa: S608


def _rows(want: Wanted) -> str:
    """Of one key and time of knowledge at most one row was not overtaken (ml.features.transform)."""
    return f"(SELECT * FROM {quoted(want.relation)} WHERE NOT {OVERTAKEN})"  # noqa: S608


def _same(keys: list[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{quoted(key)} = {right}.{quoted(key)}" for key in keys)
