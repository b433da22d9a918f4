"""A Delta table together with the files that it consists of, and how rows leave both for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ml.errors import MlopsError
from ml.lake import tables
from ml.lake.arrow import ArrowBatch, ArrowType
from ml.lake.files import Files, LakeFiles, LocalFiles
from ml.lake.tables import TableChangedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from deltalake import DeltaTable

ATTEMPTS: Final = 20  # at a commit, when others write to the table too
TOLD: Final = "mlops.erasure"  # in a commit of the table's history: the id of the record of the erasure
ROWS: Final = "mlops.erased_rows"


@dataclass(frozen=True, slots=True)
class TablePlace:
    """A table, and the files below `folder` that it consists of."""

    where: str | Path
    folder: str
    files: Files
    credential: TokenCredential | None = None

    def open(self) -> DeltaTable | None:
        return tables.open_table(self.where, self.credential)

    def delete_old_versions(self, hours: int, *, orphans: bool = True) -> int:
        """Delete the files that no row has been in for so many hours; how many those were.

        orphans: also those that no version has named for a day. Whoever reads a version that old at this
        moment fails.
        """
        table = self.open()
        gone = [] if table is None else tables.unreferenced(table, hours, orphans=orphans)
        for name in gone:
            self.files.delete(f"{self.folder}/{name}")
        return len(gone)


@dataclass(frozen=True, slots=True)
class Going:
    """Which rows go. columns: what is looked at; of: of a batch with these columns, a boolean array."""

    columns: tuple[str, ...]
    of: Callable[[ArrowBatch], Any]


def of_value(column: str, value: str | int) -> Going:
    """The rows with this value in the column."""
    import pyarrow.compute

    compute: Any = pyarrow.compute

    def hit(batch: ArrowBatch) -> Any:
        return compute.fill_null(compute.equal(batch.column(column), value), False)

    return Going((column,), hit)


def as_held(kind: ArrowType, key: str) -> str | int | None:
    """The key as a column holds it; None: no row of the column can have it."""
    import pyarrow as pa

    if not pa.types.is_integer(kind):
        return key
    if not re.fullmatch(r"-?\d{1,19}", key) or str(int(key)) != key:
        return None
    try:
        pa.scalar(int(key), kind)
    except (pa.ArrowInvalid, OverflowError):  # no number of the column's type
        return None
    return int(key)


def files_at(where: str, credential: TokenCredential | None) -> tuple[Files, str]:
    """The files of an abfss:// address or a local folder, and what their names begin with there."""
    if not where.startswith("abfss://"):
        path = Path(where).absolute()
        return LocalFiles(path.parent), path.name
    if credential is None:
        raise MlopsError(f"{where} is in a data lake, and no credential was given.", "Sign in first.")
    parts = urlsplit(where)
    account = str(parts.hostname).partition(".")[0]
    return LakeFiles(account, str(parts.username), credential), parts.path.strip("/")


def table_at(where: str, credential: TokenCredential | None) -> TablePlace:
    """The table at an abfss:// address or in a local folder."""
    files, folder = files_at(where, credential)
    return TablePlace(where, folder, files, credential)


def rewritten(place: TablePlace, record: str, going: Going) -> list[str]:
    """Rewrite the partitions that hold such rows without them; of a table without any, all of it.

    The library's own way to delete rows would write its condition, and so whom it names, into the table's
    history; there the record's id stands. Returns the partitions. Raises MlopsError where others write to the
    table all the time.
    """
    done: list[str] = []
    for _ in range(ATTEMPTS):
        try:
            while (one := _rewrite_one(place, record, going)) is not None:
                done.append(one)
            return done
        except TableChangedError:
            continue
    raise MlopsError(
        f"The table {place.folder} was changed by others at each of {ATTEMPTS} attempts to write to it.",
        "See who writes to it (its history says so); run the same command again: it goes on from here.",
    )


def counted(place: TablePlace, record: str) -> int:
    """How many rows went by this erasure, as the table's history has it, whatever was killed in between."""
    table = place.open()
    if table is None:
        return 0
    return sum(int(one.get(ROWS, 0)) for one in table.history() if one.get(TOLD) == record)


def _rewrite_one(place: TablePlace, record: str, going: Going) -> str | None:
    """The partition that was rewritten ("": the whole table); None where no row goes any more."""
    import pyarrow.compute

    compute: Any = pyarrow.compute
    table = place.open()
    if table is None:
        return None
    dataset: Any = table.to_pyarrow_dataset()
    by = table.metadata().partition_columns
    if len(by) > 1:
        raise MlopsError(f"The table {place.folder} has several partition columns.", "Rewrite it by hand.")
    found, value = False, None
    for batch in dataset.to_batches(
        columns=[*going.columns, *(one for one in by if one not in going.columns)]
    ):
        hits = going.of(batch)
        if compute.any(hits).as_py():
            found, value = True, batch.filter(hits).column(by[0])[0].as_py() if by else None
            break
    if not found:
        return None
    condition = compute.field(by[0]) == value if by else None
    gone = sum(
        int(compute.sum(going.of(batch)).as_py() or 0)
        for batch in dataset.to_batches(columns=list(going.columns), filter=condition)
    )
    predicate = f"{by[0]} = '{_escaped(value)}'" if by else None
    told = {TOLD: record, ROWS: gone}
    tables.replace(table, _staying(dataset.to_batches(filter=condition), going), predicate, told=told)
    return str(value) if by else ""


def _escaped(value: Any) -> str:
    return str(value).replace("'", "''")


def _staying(batches: Iterable[ArrowBatch], going: Going) -> Generator[ArrowBatch]:
    import pyarrow.compute

    compute: Any = pyarrow.compute
    for batch in batches:
        yield batch.filter(compute.invert(going.of(batch)))
