"""Erases one person's rows: from the tables and their old versions, from parts, and from what was put aside.

Each step may be repeated, and the record says that the erasure is under way until all are done: one that was
killed is taken up by the same command. As long as there is a record, rows that were scored before it are
dropped when a part that holds them comes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.kept import erasures, parts
from ml.kept.collect import ATTEMPTS, collect
from ml.kept.erasures import Erasure
from ml.kept.parts import BrokenPartError
from ml.kept.place import KeptPlace, TablePlace
from ml.lake import answers, tables
from ml.lake.arrow import ArrowBatch
from ml.lake.tables import TableChangedError
from scoring.kept.keys import PATTERN

if TYPE_CHECKING:
    from deltalake import DeltaTable

TOLD: Final = "mlops.erasure"
ROWS: Final = "mlops.erased_rows"
Going = Callable[[ArrowBatch], Any]  # which rows of a batch go: a boolean array


def erase(
    place: KeptPlace,
    key: str,
    reason: str,
    by: str,
    retention_days: int,
    recoverable_days: int | None,
    now: datetime | None = None,
) -> Erasure:
    """Erase; the record, which does not hold the key.

    recoverable_days: how long the account keeps what was deleted, which nobody can shorten by a role.
    Raises MlopsError when the key is none, or when others write to a table all the time.
    """
    now = now or datetime.now(UTC)
    _check(key, reason)
    record = erasures.under_way(erasures.all_of(place.files), key)
    if record is None:
        record = erasures.begun(key, reason, by, now)
        erasures.write(place.files, record)
    collect(place, retention_days, now)  # the parts that are there, without this person's rows
    if place.labels is not None:  # before the answers, by which those without a key are found
        asked = _requests(place.answers, key)
        _rewritten(place.labels, record, lambda batch: _of_key_or_request(batch, key, asked))
    _rewritten(place.answers, record, lambda batch: _of_key(batch, key))
    for table in (place.answers, place.labels):
        if table is not None:
            table.delete_old_versions(0)
    quarantined = _clear_quarantine(place, key, now)
    # What a killed writer left goes when it is a day old, with the next collecting.
    until = None if recoverable_days is None else f"{(now + timedelta(days=recoverable_days + 2)).date()}"
    record = erasures.finished(
        record,
        now,
        rows=_counted(place.answers, record),
        labels=0 if place.labels is None else _counted(place.labels, record),
        quarantined=quarantined + record.quarantined,
        recoverable_until=until,
    )
    erasures.write(place.files, record)
    return record


def _check(key: str, reason: str) -> None:
    import re

    if not re.fullmatch(PATTERN, key):
        raise MlopsError(
            f"The key is {len(key)} characters that no key has.", f"Give a key as callers send it: {PATTERN}."
        )
    if not reason.strip() or key in reason:
        raise MlopsError(
            "The reason is empty or holds the key, and the record outlives the rows.",
            "Give the reason without saying of whom: the number of the request, say.",
        )


def _requests(place: TablePlace, key: str) -> set[tuple[str, int]]:
    """Request and row of each answer about this person."""
    import pyarrow.compute

    table = place.open()
    if table is None:
        return set()
    compute: Any = pyarrow.compute
    dataset: Any = table.to_pyarrow_dataset()
    found: Any = dataset.to_table(columns=["request_id", "row"], filter=compute.field("key") == key)
    return set(zip(found.column("request_id").to_pylist(), found.column("row").to_pylist(), strict=True))


def _of_key(batch: ArrowBatch, key: str) -> Any:
    import pyarrow.compute

    compute: Any = pyarrow.compute
    return compute.fill_null(compute.equal(batch.column("key"), key), False)


def _of_key_or_request(batch: ArrowBatch, key: str, asked: set[tuple[str, int]]) -> Any:
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    pairs = zip(batch.column("request_id").to_pylist(), batch.column("row").to_pylist(), strict=True)
    return compute.or_(_of_key(batch, key), pa.array([pair in asked for pair in pairs], pa.bool_()))


def _rewritten(place: TablePlace, record: Erasure, going: Going) -> None:
    """Rewrite the days that hold such rows without them; of a table without days, all of it.

    The library's own way to delete rows would write its condition, and so the key, into the table's history.
    """
    for _ in range(ATTEMPTS):
        try:
            while _rewrite_one(place, record, going):
                pass
            return
        except TableChangedError:
            continue
    raise MlopsError(
        f"The table {place.folder} was changed by others at each of {ATTEMPTS} attempts to write to it.",
        "See who writes to it (its history says so); run the same command again: it goes on from here.",
    )


def _rewrite_one(place: TablePlace, record: Erasure, going: Going) -> bool:
    import pyarrow.compute

    table = place.open()
    if table is None:
        return False
    dataset: Any = table.to_pyarrow_dataset()
    by_day = answers.PARTITION in table.metadata().partition_columns
    compute: Any = pyarrow.compute
    gone, day = 0, None
    for batch in dataset.to_batches():
        if hit := int(compute.sum(going(batch)).as_py() or 0):
            gone, day = hit, batch.column(answers.PARTITION)[0].as_py() if by_day else None
            break
    if not gone:
        return False
    condition = compute.field(answers.PARTITION) == day if by_day else None
    gone = sum(int(compute.sum(going(batch)).as_py() or 0) for batch in dataset.to_batches(filter=condition))
    predicate = f"{answers.PARTITION} = '{day}'" if by_day else None
    told = {TOLD: record.id, ROWS: gone}
    tables.replace(table, _staying(dataset.to_batches(filter=condition), going), predicate, told=told)
    return True


def _staying(batches: Iterable[ArrowBatch], going: Going) -> Generator[ArrowBatch]:
    import pyarrow.compute

    compute: Any = pyarrow.compute
    for batch in batches:
        yield batch.filter(compute.invert(going(batch)))


def _counted(place: TablePlace, record: Erasure) -> int:
    """How many rows went by this erasure, as the table's history has it, whatever was killed in between."""
    table: DeltaTable | None = place.open()
    if table is None:
        return 0
    return sum(int(one.get(ROWS, 0)) for one in table.history() if one.get(TOLD) == record.id)


def _clear_quarantine(place: KeptPlace, key: str, now: datetime) -> int:
    """Delete what was put aside and holds the key, or cannot be read and so may hold it."""
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    gone = 0
    for name in place.files.names(f"{answers.QUARANTINE}/"):
        if name.endswith(".reason") or (data := place.files.read(name)) is None:
            continue
        try:
            held: Any = parts.rows(data, now + timedelta(days=36_500)).column("key")
            if not compute.any(compute.equal(held, pa.scalar(key))).as_py():
                continue
        except BrokenPartError:
            pass
        place.files.delete(name)
        place.files.delete(f"{name}.reason")
        gone += 1
    return gone
