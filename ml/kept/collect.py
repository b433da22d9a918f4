"""Takes each part exactly once into the table of answers, however often and wherever it is killed.

A commit of the table holds the rows and, for each author, the number of its last part that is in them. It is
made only if nobody has written since the table was read. So what a commit says was taken was taken, once; a
part up to that number is deleted, as often as need be, and one beyond it is still to be taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.kept import erasures, parts
from ml.kept.parts import BrokenPartError, Part
from ml.kept.place import KeptPlace
from ml.lake import answers, tables
from ml.lake.arrow import ArrowTable
from ml.lake.tables import RowsError, TableChangedError

if TYPE_CHECKING:
    from deltalake import DeltaTable

ATTEMPTS: Final = 20  # at a commit, when others write to the table too
MOST_ROWS: Final = 500_000  # of one commit, and so in memory: more only when a single part has them
READERS_HOURS: Final = 24  # how long a version is kept for those who read it
QUARANTINE_DAYS: Final = 30  # how long a broken part waits for somebody to look at it


@dataclass(slots=True)
class Collected:
    """What one run did. Rows that were not taken: `expired` are older than the retention, `erased` those of a
    person who was erased after they had been scored."""

    parts: int = 0
    rows: int = 0
    expired: int = 0
    erased: int = 0
    reopened: list[str] = field(default_factory=list[str])  # erasures: what came late is not purged yet
    repeated: int = 0  # parts that an earlier run had taken and not deleted
    quarantined: dict[str, str] = field(default_factory=dict[str, str])  # the reason, by name
    removed_rows: int = 0  # whose time was over
    removed_files: int = 0

    def reasons(self) -> dict[str, int]:
        return dict(Counter(self.quarantined.values()))


def collect(place: KeptPlace, retention_days: int, now: datetime | None = None) -> Collected:
    """Take what is there, and remove what has been kept for more than `retention_days`."""
    now = now or datetime.now(UTC)
    done = Collected()
    oldest = (now - timedelta(days=retention_days)).date()
    for _ in range(ATTEMPTS):
        try:
            while _take_some(place, done, now, oldest):
                pass
            _expire(place, done, oldest, now)
            return done
        except TableChangedError:
            continue
    raise MlopsError(
        f"The table of answers was changed by others at each of {ATTEMPTS} attempts to write to it.",
        "See who writes to it (its history says so); run it again.",
    )


def _take_some(place: KeptPlace, done: Collected, now: datetime, oldest: Any) -> bool:
    """Take parts by one commit; False when there was none. Raises TableChangedError, with nothing taken."""
    found, others = parts.listed(place.parts)
    for name in others:
        _quarantine(place, done, name, "it is not named like a part")
    table = place.answers.open()
    new: list[Part] = []
    for part in found:
        before = None if table is None else tables.recorded(table, part.author)
        if before is not None and part.number <= before:
            place.parts.delete(part.name)
            done.repeated += 1
        else:
            new.append(part)
    read: list[tuple[Part, ArrowTable]] = []
    rows = 0
    for part in new:
        if rows >= MOST_ROWS:
            break
        if (one := _read(place, done, part, now)) is not None:
            if table is None:
                _make(place, one)
                return True  # from the beginning: somebody may have made and filled it
            try:
                if tables.widen(table, one.schema):
                    return True
            except RowsError as error:
                _quarantine(place, done, part.name, f"the table has other columns: {error}")
                continue
            read.append((part, one))
            rows += one.num_rows
    if table is None or not read:
        return False
    # After the listing: an erasure that is written later finds the parts itself.
    known = erasures.all_of(place.files)
    kept, expired, erased = _to_keep(place, table, [one for _, one in read], known, oldest, done)
    taken = {part.author: part.number for part, _ in read}  # the last of each author, as they are sorted
    told = {"mlops.parts": len(read), "mlops.rows": kept.num_rows}
    tables.append(table, kept, taken=taken, told=told)
    done.parts, done.rows = done.parts + len(read), done.rows + kept.num_rows
    done.expired, done.erased = done.expired + expired, done.erased + erased
    for part, _ in read:
        place.parts.delete(part.name)
    return True


def _read(place: KeptPlace, done: Collected, part: Part, now: datetime) -> ArrowTable | None:
    """The part's rows; None when another collector has taken it meanwhile, or it is broken."""
    data = place.parts.read(part.name)
    if data is None:
        return None
    try:
        return parts.rows(data, now)
    except BrokenPartError as error:
        _quarantine(place, done, part.name, str(error))
        return None


def _make(place: KeptPlace, first: ArrowTable) -> None:
    tables.make_table(
        place.answers.where,
        first.schema,
        place.answers.credential,
        partition=[answers.PARTITION],
        indexed=answers.INDEXED,
        description="What the scoring service answered",
    )


def _to_keep(
    place: KeptPlace,
    table: DeltaTable,
    read: Iterable[ArrowTable],
    known: Iterable[erasures.Erasure],
    oldest: Any,
    done: Collected,
) -> tuple[ArrowTable, int, int]:
    """The rows to write; how many are too old; how many were erased.

    Their erasure is told which requests those were, also one that was finished: others have rows of them.
    """
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    columns = tables.columns(table)
    whole = pa.concat_tables([tables.fitted(one, columns) for one in read])
    young = whole.filter(compute.greater_equal(whole.column("date"), pa.scalar(oldest, pa.date32())))
    kept = young
    for one in known:
        hits = one.hits(kept)
        if compute.any(hits).as_py():
            gone = kept.filter(hits)
            pairs = zip(gone.column("request_id").to_pylist(), gone.column("row").to_pylist(), strict=True)
            if erasures.note(place.files, one, pairs) and one.id not in done.reopened:
                done.reopened.append(one.id)
        kept = kept.filter(compute.invert(hits))
    return kept, whole.num_rows - young.num_rows, young.num_rows - kept.num_rows


def _quarantine(place: KeptPlace, done: Collected, name: str, reason: str) -> None:
    """Move a file aside, the copy first: it may be moved twice, and is never in neither place."""
    data = place.parts.read(name)
    if data is not None:
        aside = f"{answers.QUARANTINE}/{name.removeprefix(answers.PARTS).strip('/')}"
        place.files.write(aside, data)
        place.files.write(f"{aside}.reason", reason.encode())
        place.parts.delete(name)
        done.quarantined[name] = reason


def _expire(place: KeptPlace, done: Collected, oldest: Any, now: datetime) -> None:
    """Remove the days that are over, from the table and then from its files."""
    if (table := place.answers.open()) is not None:
        if any(day < oldest for day in _days(table)):
            told = {"mlops.retention": f"before {oldest}"}
            done.removed_rows += tables.remove(table, f"date < '{oldest}'", told=told)
        done.removed_files += place.answers.delete_old_versions(READERS_HOURS)
    last = (now - timedelta(days=QUARANTINE_DAYS)).date()
    for name in place.files.names(f"{answers.QUARANTINE}/"):
        day = name.removeprefix(f"{answers.QUARANTINE}/")[:10]
        if day < f"{last}" and day[:1].isdigit():
            place.files.delete(name)
            done.removed_files += 1


def _days(table: DeltaTable) -> list[Any]:
    from datetime import date

    import pyarrow as pa

    actions: Any = pa.table(table.get_add_actions(flatten=True))
    return [
        day if isinstance(day, date) else date.fromisoformat(str(day))
        for day in actions.column("partition.date").unique().to_pylist()
        if day is not None
    ]
