"""One person's kept answers and labels: found in parts, tables and what was put aside, and erased there.

Each step may be repeated: one that was killed is done by the next one. ml/forget/run.py says in which order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ml.kept import parts
from ml.kept.parts import BrokenPartError
from ml.kept.place import KeptPlace
from ml.lake import answers
from ml.lake.arrow import ArrowBatch, ArrowTable
from ml.lake.table_place import Going, TablePlace, counted, of_value, rewritten

Requests = frozenset[tuple[str, int]]
"""Request and row of each answer about a person."""


def requests_of(place: KeptPlace, key: str, now: datetime, until: datetime | None = None) -> Requests:
    """The answers about this person, wherever they are at this moment. until: scored no later.

    Parts come first and the table last: a part that is collected meanwhile is found in one of both.
    """
    found: set[tuple[str, int]] = set()
    names = [one.name for one in parts.listed(place.parts)[0]]
    for files, name in (*((place.parts, name) for name in names), *_aside(place)):
        if (rows := _rows(files.read(name), now)) is not None:
            found |= _of_person(rows, key, until)
    table = place.answers.open()
    if table is not None:
        import pyarrow.compute

        compute: Any = pyarrow.compute
        dataset: Any = table.to_pyarrow_dataset()
        mine = compute.field("key") == key
        columns = ["request_id", "row", "key", "scored_at"]
        found |= _of_person(dataset.to_table(columns=columns, filter=mine), key, until)
    return frozenset(found)


def erase_answers(place: KeptPlace, record: str, key: str) -> int:
    """Erase the person's rows from the table and its old versions; how many those were."""
    return _erased(place.answers, record, of_value("key", key))


def erase_labels(place: KeptPlace, record: str, key: str, asked: Requests) -> int:
    """The same for labels: those with the key, and those of the person's answers."""
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    of_key = of_value("key", key)

    def of(batch: ArrowBatch) -> Any:
        pairs = zip(batch.column("request_id").to_pylist(), batch.column("row").to_pylist(), strict=True)
        return compute.or_(of_key.of(batch), pa.array([pair in asked for pair in pairs], pa.bool_()))

    going = Going(("request_id", "row", "key"), of)
    return 0 if place.labels is None else _erased(place.labels, record, going)


def _erased(place: TablePlace, record: str, going: Going) -> int:
    rewritten(place, record, going)
    place.delete_old_versions(0)
    return counted(place, record)


def erase_aside(place: KeptPlace, key: str, now: datetime) -> int:
    """Delete what was put aside and holds the key, or cannot be read and so may hold it; how many files."""
    gone = 0
    for files, name in _aside(place):
        data = files.read(name)
        if data is None:
            continue
        rows = _rows(data, now)
        if rows is not None and not _of_person(rows, key):
            continue
        files.delete(name)
        files.delete(f"{name}.reason")
        gone += 1
    return gone


def _aside(place: KeptPlace) -> Iterable[tuple[Any, str]]:
    names = place.files.names(f"{answers.QUARANTINE}/")
    return [(place.files, name) for name in names if not name.endswith(".reason")]


def _rows(data: bytes | None, now: datetime) -> ArrowTable | None:
    """The rows of a part, also of one with a wrong clock; None where it is gone or cannot be read."""
    if data is None:
        return None
    try:
        return parts.rows(data, now + timedelta(days=36_500))
    except BrokenPartError:
        return None


def _of_person(rows: ArrowTable, key: str, until: datetime | None = None) -> set[tuple[str, int]]:
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    mine = rows.filter(compute.fill_null(compute.equal(rows.column("key"), pa.scalar(key)), False))
    if until is not None:
        mine = mine.filter(compute.less_equal(mine.column("scored_at"), pa.scalar(until)))
    return set(zip(mine.column("request_id").to_pylist(), mine.column("row").to_pylist(), strict=True))
