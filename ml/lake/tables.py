"""Delta tables in the data lake or in a local folder: opened, made and written in one way.

deltalake casts on writing without a word (0.97 becomes 0 in a column of whole numbers), so rows are given the
table's own columns and types here before each write, and what does not fit is refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from ml.errors import MlopsError
from ml.lake.arrow import ArrowBatch, ArrowSchema, ArrowTable, ArrowType

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from deltalake import DeltaTable

ORPHAN_HOURS: Final = 24  # no commit takes longer from its first file on
AUDIENCE: Final = "https://storage.azure.com/.default"


class TableChangedError(Exception):
    """Somebody else has written to the table since it was opened: nothing was written; open it again."""


class RowsError(Exception):
    """The rows do not fit the table's columns; the text names each that does not."""


def address(account: str, container: str, path: str) -> str:
    """Where a table of the data lake is, as deltalake and Spark write it."""
    return f"abfss://{container}@{account}.dfs.core.windows.net/{path}"


def open_table(where: str | Path, credential: TokenCredential | None = None) -> DeltaTable | None:
    """The table's latest version; None when there is none.

    `where`: an address as above, which needs a credential, or a local folder. The token that is asked for
    here holds for an hour, so a table is opened anew for each piece of work.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        return DeltaTable(_uri(where), storage_options=storage_options(where, credential))
    except TableNotFoundError:
        return None


def make_table(
    where: str | Path,
    schema: ArrowSchema,
    credential: TokenCredential | None = None,
    *,
    partition: Sequence[str] = (),
    indexed: Sequence[str] = (),
    description: str = "",
) -> DeltaTable:
    """Make a table of these columns, or open the one that is there.

    `indexed`: of these columns alone the log holds least and greatest values (none at all when it is empty).
    """
    from deltalake import DeltaTable

    return DeltaTable.create(
        _uri(where),
        schema,
        mode="ignore",
        partition_by=list(partition),
        description=description or None,
        configuration={"delta.dataSkippingStatsColumns": ",".join(indexed)},
        storage_options=storage_options(where, credential),
    )


def columns(table: DeltaTable) -> ArrowSchema:
    """The table's columns as Arrow has them, timestamps in microseconds of UTC."""
    import pyarrow as pa

    return pa.schema(table.schema().to_arrow())


def fitted(rows: ArrowTable, schema: ArrowSchema) -> ArrowTable:
    """The rows with exactly these columns; one that they lack is null.

    A type is changed only where no value changes. Raises RowsError for a column that the schema does not
    have, or whose values would change.
    """
    import pyarrow as pa

    wrong = [
        f"{name}: the table has no such column" for name in rows.column_names if name not in schema.names
    ]
    found: list[Any] = []
    for field in schema:
        if field.name not in rows.column_names:
            found.append(pa.nulls(rows.num_rows, field.type))
            continue
        column = rows.column(field.name)
        try:
            found.append(_cast(column, field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            said = str(error).splitlines()[0]
            wrong.append(f"{field.name}: {column.type} is not {field.type} without a change ({said})")
    if wrong:
        raise RowsError("; ".join(wrong))
    return pa.Table.from_arrays(found, schema=schema)


def _cast(column: Any, to: ArrowType) -> Any:
    """Between numbers of one kind, when each value stays what it is; never from one kind to another."""
    import pyarrow as pa

    if column.type == to or pa.types.is_null(column.type):
        return column.cast(to)
    same = any(
        kind(column.type) and kind(to) for kind in (_is_text, pa.types.is_integer, pa.types.is_floating)
    )
    if pa.types.is_timestamp(column.type) and pa.types.is_timestamp(to):
        same = (column.type.tz is None) == (to.tz is None)  # without a zone it is not known what time it is
    if not same:
        raise pa.ArrowTypeError("another kind of value")
    cast = column.cast(to)
    if (
        pa.types.is_floating(to)
        and to.bit_width < column.type.bit_width
        and not cast.cast(column.type).equals(column)
    ):
        raise pa.ArrowInvalid("a value has more digits")
    return cast


def _is_text(kind: ArrowType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def widen(table: DeltaTable, schema: ArrowSchema) -> bool:
    """Give the table the columns that it lacks of these, null in its rows; False when it lacks none.

    The table has to be opened anew then. Raises RowsError when a column of the same name has another type,
    and TableChangedError.
    """
    import pyarrow as pa
    from deltalake import Field
    from deltalake import Schema as DeltaSchema

    there = columns(table)
    wrong = [
        f"{field.name}: {field.type}, in the table it is {there.field(field.name).type}"
        for field in schema
        if field.name in there.names and there.field(field.name).type != field.type
    ]
    if wrong:
        raise RowsError("; ".join(wrong))
    new = [field for field in schema if field.name not in there.names]
    if new:
        fields: list[Field] = DeltaSchema.from_arrow(pa.schema(new)).fields
        with _exclusive():
            table.alter.add_columns(fields, commit_properties=_commit(None, None))
    return bool(new)


def append(
    table: DeltaTable,
    rows: ArrowTable | Iterable[ArrowBatch],
    *,
    taken: Mapping[str, int] | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Write rows to the version that was opened: a table, or batches, which need not be in memory at once.

    `taken` is recorded by the same commit, for `recorded` to answer: either both are there or neither. `told`
    is shown in the table's history. Raises RowsError, or TableChangedError when there is a newer version.
    """
    import pyarrow as pa
    from deltalake import write_deltalake

    schema = columns(table)
    fit = fitted(rows, schema) if isinstance(rows, pa.Table) else _fitted_batches(rows, schema)
    with _exclusive():
        write_deltalake(table, fit, mode="append", commit_properties=_commit(taken, told))


def _fitted_batches(rows: Iterable[ArrowBatch], schema: ArrowSchema) -> Any:
    import pyarrow as pa

    batches = (batch for part in rows for batch in fitted(pa.Table.from_batches([part]), schema).to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


@dataclass(frozen=True, slots=True)
class File:
    """A Parquet file that stands in the table's folder already. path: relative to it."""

    path: str
    size: int
    rows: int
    partition: Mapping[str, str]


def files_of(table: DeltaTable, partition: str, values: Collection[str]) -> list[File]:
    """The files of these partitions of the version that was opened. partition: the table's one column."""
    if not values:
        return []
    told = _added(table, [f"partition.{partition}"])
    return [
        File(unquote(one["path"]), one["size_bytes"], one["num_records"] or 0, {partition: value})
        for one in told
        if (value := one[f"partition.{partition}"]) in values
    ]


def all_files(table: DeltaTable) -> list[File]:
    """The files of the version that was opened, of a table without partitions."""
    return [
        File(unquote(one["path"]), one["size_bytes"], one["num_records"] or 0, {})
        for one in _added(table, [])
    ]


def _added(table: DeltaTable, more: Sequence[str]) -> list[dict[str, Any]]:
    import pyarrow as pa

    added: Any = table.get_add_actions(flatten=True)
    actions: Any = pa.RecordBatchReader.from_stream(added).read_all()  # pa.table would import pandas
    return actions.select(["path", "size_bytes", "num_records", *more]).to_pylist()


def publish(
    table: DeltaTable,
    files: Sequence[File],
    *,
    taken: Mapping[str, int],
    removed: Sequence[File] = (),
    told: Mapping[str, Any] | None = None,
) -> None:
    """Make files that were written before part of the table, all by one commit, which records `taken`.

    removed: files that leave the table by the same commit. told: shown in the table's history. Raises
    TableChangedError.
    """
    from deltalake.transaction import AddAction, RemoveAction

    now = round(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        RemoveAction(file.path, True, now, file.size, dict(file.partition)) for file in removed
    ]
    actions += [
        AddAction(
            path=file.path,
            size=file.size,
            partition_values=dict(file.partition),
            modification_time=now,
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in files
    ]
    with _exclusive():
        table.create_write_transaction(
            actions,
            mode="append",
            schema=table.schema(),
            partition_by=list(table.metadata().partition_columns),
            commit_properties=_commit(taken, told),
        )


def replace(
    table: DeltaTable,
    rows: Iterable[ArrowBatch],
    predicate: str | None,
    *,
    taken: Mapping[str, int] | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Put rows in the place of those that the predicate names, or of all when there is none.

    It compares partition columns alone. It stays in the table's history: it must not name a person. `taken`,
    and what is raised, as in `append`.
    """
    from deltalake import write_deltalake

    with _exclusive():
        write_deltalake(
            table,
            _fitted_batches(rows, columns(table)),
            mode="overwrite",
            predicate=predicate,
            commit_properties=_commit(taken, told),
        )


def remove(table: DeltaTable, predicate: str, *, told: Mapping[str, Any] | None = None) -> int:
    """Remove the rows that a predicate names; how many those were, as far as the table counts them.

    The predicate stays in the table's history: it must not name a person. Raises TableChangedError.
    """
    with _exclusive():
        said = table.delete(predicate, commit_properties=_commit(None, told))
    return int(said.get("num_deleted_rows") or 0)


def recorded(table: DeltaTable, name: str) -> int | None:
    """The number that `append` recorded last under this name."""
    return table.transaction_version(name)


def unreferenced(table: DeltaTable, hours: int, *, orphans: bool = True) -> list[str]:
    """The table's files that no row has been in for so many hours, below its folder.

    A file that no version has ever named may be that of a commit under way, or one that a killed writer left:
    it is among them when it is a day old, unless `orphans` is false. They are named and not deleted: the
    library deletes by Blob Batch, which Azure has not promised for accounts with a hierarchical namespace.
    """
    left = table.vacuum(retention_hours=hours, dry_run=True, enforce_retention_duration=False, full=False)
    if not orphans:
        return sorted(left)
    aged = max(hours, ORPHAN_HOURS)
    old = table.vacuum(retention_hours=aged, dry_run=True, enforce_retention_duration=False, full=True)
    return sorted({*left, *old})


def _uri(where: str | Path) -> str:
    if isinstance(where, str) and where.startswith("abfss://"):
        return where
    path = Path(where)
    if "://" in str(where):
        raise MlopsError(
            f"The table {where} is neither in a data lake nor a folder.", "Give abfss:// or a path."
        )
    return str(path.absolute())


def storage_options(where: str | Path, credential: TokenCredential | None) -> dict[str, str]:
    """What deltalake needs to sign in, by a token that holds for an hour; nothing for a local folder."""
    return signed_in(where, credential).options


@dataclass(frozen=True, slots=True)
class SignedIn:
    """until: seconds since 1970, when the token in the options ends."""

    options: dict[str, str]
    until: float


def signed_in(where: str | Path, credential: TokenCredential | None) -> SignedIn:
    """The options of `storage_options`, and how long they hold. Raises MlopsError."""
    if not str(where).startswith("abfss://"):
        return SignedIn({}, float("inf"))
    if credential is None:
        raise MlopsError(
            f"The table {where} is in a data lake, and no credential was given.", "Sign in first."
        )
    token = credential.get_token(AUDIENCE)
    return SignedIn({"bearer_token": token.token}, float(token.expires_on))


def _commit(taken: Mapping[str, int] | None, told: Mapping[str, Any] | None) -> Any:
    """The commit's properties. Without a retry: deltalake would append what another writer has appended."""
    from deltalake import CommitProperties, Transaction

    return CommitProperties(
        custom_metadata=dict(told or {}),
        max_commit_retries=0,
        app_transactions=[Transaction(name, number) for name, number in (taken or {}).items()],
    )


@contextmanager
def _exclusive() -> Generator[None]:
    """Turns the library's error of a version that is there already into TableChangedError."""
    from deltalake.exceptions import CommitFailedError

    try:
        yield
    except CommitFailedError as error:
        raise TableChangedError(str(error)) from error
