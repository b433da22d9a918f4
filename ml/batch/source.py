"""What a batch reads, cut into units: each is scored into one file, so that a killed run goes on after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

from ml.batch.columns import Kind, kind
from ml.batch.places import Place
from ml.errors import MlopsError
from ml.lake.arrow import ArrowBatch, ArrowSchema
from ml.lake.tables import storage_options

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

Format = Literal["parquet", "csv", "delta"]
UNIT_ROWS: Final = 250_000  # a unit ends with the row group that reaches it
ENDINGS: Final[dict[str, Format]] = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".csv.gz": "csv"}
FOOTER_TAIL: Final = 8  # bytes behind a Parquet file's footer: its length, and PAR1
TEXTS: Final[dict[Kind, str]] = {"number": "numbers", "text": "texts", "nothing": "no values at all"}


@dataclass(frozen=True, slots=True)
class Unit:
    """Some row groups of one file, or a whole CSV. rows: None where they are counted as they are read."""

    number: int
    file: str
    groups: tuple[int, ...]
    rows: int | None
    first_row: int  # of the file


@dataclass(frozen=True, slots=True)
class Source:
    """digest: of what decides the rows: names, sizes, times and footers, or the version of a table."""

    place: Place
    format: Format
    units: tuple[Unit, ...]
    digest: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def rows(self) -> int | None:
        """All rows; None for CSV."""
        found = [unit.rows for unit in self.units]
        return None if None in found else sum(rows for rows in found if rows is not None)


def source(
    where: str,
    contract: Sequence[str],
    key: str | None,
    credential: TokenCredential | None = None,
    unit_rows: int = UNIT_ROWS,
) -> Source:
    """Look at all files of a file, folder or table, before any row is read.

    Raises MlopsError for what cannot be read, for a column that lacks, and for one of another type in
    another file.
    """
    folder, single = _folder(where, credential)
    place = Place(folder, credential)
    table = _delta(folder, credential) if single is None else None
    if table is not None:
        return _planned(place, "delta", table[0], table[1], contract, key, unit_rows)
    names = [single] if single else [name for name in place.names() if not _hidden(name)]
    formats: set[Format] = {_format(name, where) for name in names}
    if not names:
        raise NothingThere(f"{where} holds no file.", "Give Parquet or CSV files, or a Delta table.")
    if len(formats) != 1:
        found = f"files of the formats {', '.join(sorted(formats))}"
        raise MlopsError(
            f"{where} holds {found}.", "Give Parquet or CSV files of one format, or a Delta table."
        )
    (chosen,) = formats
    return _planned(place, chosen, names, "", contract, key, unit_rows)


class NothingThere(MlopsError):
    """There is no file to read."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Of all files: their bytes as they are stored, and what changes when one of them does."""

    bytes: int
    state: str


def look(where: str, credential: TokenCredential | None = None) -> Looked:
    """How large a batch is, from listings alone: no file is opened. Raises MlopsError, and OSError."""
    folder, single = _folder(where, credential)
    place = Place(folder, credential)
    table = _delta(folder, credential) if single is None else None
    names = table[0] if table is not None else [single] if single else place.names()
    kept = [name for name in names if table is not None or not _hidden(name)]
    if not kept:
        raise NothingThere(f"{where} holds no file.", "Give Parquet or CSV files, or a Delta table.")
    digest = hashlib.sha256(b"" if table is None else table[1].encode())
    sizes = 0
    for name, size, state in place.stated(kept):
        sizes += size
        digest.update(f"\n{name} {'' if table is not None else state}".encode())
    return Looked(sizes, digest.hexdigest())


def _folder(where: str, credential: TokenCredential | None) -> tuple[str, str | None]:
    """The folder, and the one file in it that was named, where it is there."""
    if any(where.lower().endswith(ending) for ending in ENDINGS):
        head, _, name = where.replace("\\", "/").rpartition("/")
        if Place(head or ".", credential).exists(name):
            return head or ".", name
    return where, None


def _hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))


def _format(name: str, where: str) -> Format:
    for ending, found in ENDINGS.items():
        if name.lower().endswith(ending):
            return found
    raise MlopsError(f"{where} holds {name}, which is neither Parquet nor CSV by its name.", "Leave it out.")


def _delta(folder: str, credential: TokenCredential | None) -> tuple[list[str], str] | None:
    """The files of a Delta table's latest version, and what names that version; None: there is no table."""
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        table = DeltaTable(folder, storage_options=storage_options(folder, credential))
    except TableNotFoundError:
        return None
    told: Any = table.metadata()
    if told.partition_columns:
        raise MlopsError(
            f"{folder} is partitioned by {', '.join(told.partition_columns)}, and values of such columns "
            "are not in its files.",
            "Give a table without partitions, or the folder of one partition as Parquet.",
        )
    features: Any = table.protocol().reader_features or []
    if wrong := sorted(set(map(str, features)) - {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}):
        raise MlopsError(
            f"{folder} uses what its readers have to know: {', '.join(wrong)}.",
            "Write it without (REORG TABLE … APPLY (PURGE) removes deletion vectors).",
        )
    actions: Any = pa.table(table.get_add_actions(flatten=True))
    files = sorted(unquote(path) for path in actions.column("path").to_pylist())
    return files, f"{told.id}@{table.version()}"


def _planned(
    place: Place,
    format_: Format,
    names: Sequence[str],
    version: str,
    contract: Sequence[str],
    key: str | None,
    unit_rows: int,
) -> Source:
    wanted = (*contract, *([key] if key and key not in contract else []))
    digest, units = hashlib.sha256(f"{format_} {version}".encode()), list[Unit]()
    kinds: dict[str, tuple[Kind, str]] = {}
    seen: dict[str, None] = {}
    for name in names:
        schema, groups, said = _looked_at(place, name, format_)
        # A table's version says all of its files; of others the footer and the time of writing do.
        state = "" if format_ == "delta" else place.state(name)
        digest.update(f"\n{name} {state} {said}".encode())
        seen.update(dict.fromkeys(schema.names))
        if format_ != "csv":
            _agree(schema, wanted, name, kinds)
        elif lacking := [column for column in wanted if column not in schema.names]:
            raise _lacks(name, lacking)
        units.extend(_cut(name, groups, len(units), unit_rows))
    ignored = tuple(column for column in seen if column not in wanted)
    return Source(place, format_, tuple(units), digest.hexdigest(), wanted, ignored)


def _looked_at(place: Place, name: str, format_: Format) -> tuple[ArrowSchema, list[int] | None, str]:
    """The file's columns, the rows of its groups, and a digest of its footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if format_ == "csv":
        return _header(place, name), None, ""
    try:
        with place.files.open_input_file(name) as stream, pq.ParquetFile(stream) as file:
            told = file.metadata
            groups = [told.row_group(number).num_rows for number in range(told.num_row_groups)]
            stream.seek(stream.size() - FOOTER_TAIL - told.serialized_size)
            said = hashlib.sha256(stream.read(told.serialized_size))
            return file.schema_arrow, groups, said.hexdigest()
    except (pa.ArrowInvalid, OSError) as error:
        raise MlopsError(
            f"{name} cannot be read as Parquet: {str(error).splitlines()[0]}",
            "It may be cut off, or still being written: write it anew, or leave it out.",
        ) from error


def _header(place: Place, name: str) -> ArrowSchema:
    import pyarrow as pa
    from pyarrow import csv

    try:
        with place.files.open_input_stream(name, compression="detect") as stream:
            reader = csv.open_csv(stream, read_options=csv.ReadOptions(block_size=1 << 16))
            return reader.schema
    except pa.ArrowInvalid as error:
        raise MlopsError(
            f"{name} cannot be read as CSV: {str(error).splitlines()[0]}",
            "Its first line has to name the columns, with commas between them, in UTF-8.",
        ) from error


def _agree(schema: ArrowSchema, wanted: Sequence[str], name: str, kinds: dict[str, tuple[Kind, str]]) -> None:
    """Raises MlopsError unless the columns are there, of types that files before had as well."""
    if lacking := [column for column in wanted if column not in schema.names]:
        raise _lacks(name, lacking)
    for column in wanted:
        of = schema.field(column).type
        found = kind(of)
        if found is None:
            raise MlopsError(
                f"The column {column} of {name} has the type {of}, which the contract does not know.",
                "Write it as whole numbers, floating numbers or texts.",
            )
        before, where = kinds.setdefault(column, (found, name))
        if before == "nothing":
            kinds[column] = found, name
        elif found not in ("nothing", before):
            raise MlopsError(
                f"The column {column} holds {TEXTS[before]} in {where} and {TEXTS[found]} in {name}.",
                "Write all files with one type.",
            )


def _lacks(name: str, lacking: Sequence[str]) -> MlopsError:
    return MlopsError(
        f"{name} lacks the columns {', '.join(lacking)}.",
        "They are of the model's contract (`mlops card`), or named by --key.",
    )


def _cut(name: str, groups: list[int] | None, before: int, unit_rows: int) -> Iterator[Unit]:
    if groups is None:
        yield Unit(before, name, (), None, 0)
        return
    number, first, chosen, rows = before, 0, list[int](), 0
    for group, count in enumerate(groups):
        chosen.append(group)
        rows += count
        if rows >= unit_rows or (group == len(groups) - 1 and rows):
            yield Unit(number, name, tuple(chosen), rows, first)
            number, first, chosen, rows = number + 1, first + rows, [], 0


def blocks(found: Source, unit: Unit, texts: frozenset[str], block_rows: int) -> Iterator[ArrowBatch]:
    """The rows of a unit, in order, of the columns that are read. texts: those of them that hold texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(found.columns)
    try:
        if found.format == "csv":
            yield from _of_csv(found.place, unit.file, columns, texts, block_rows)
            return
        # Texts of the contract stay as the file has them, each once and by number.
        coded = sorted(texts)
        with (
            found.place.files.open_input_file(unit.file) as stream,
            pq.ParquetFile(stream, read_dictionary=coded) as file,
        ):
            for block in file.iter_batches(block_rows, list(unit.groups), columns, use_threads=False):
                yield block.select(columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise MlopsError(
            f"{unit.file} cannot be read to its end: {str(error).splitlines()[0]}",
            "Nothing was published. Write the file anew, or leave it out.",
        ) from error


def _of_csv(
    place: Place, name: str, columns: list[str], texts: frozenset[str], block_rows: int
) -> Iterator[ArrowBatch]:
    """texts: the columns that hold texts; all others hold numbers."""
    import pyarrow as pa
    from pyarrow import csv

    as_texts = csv.ConvertOptions(
        include_columns=columns,
        column_types=dict.fromkeys(columns, pa.string()),
        strings_can_be_null=True,
        null_values=["", "NA", "NaN", "null"],
    )
    with place.files.open_input_stream(name, compression="detect") as stream:
        reader = csv.open_csv(
            stream,
            read_options=csv.ReadOptions(block_size=1 << 22, use_threads=False),
            convert_options=as_texts,
        )
        for block in reader:
            for start in range(0, block.num_rows, block_rows):
                part = block.slice(start, block_rows)
                read = [
                    column if name in texts else _numbers(column)
                    for name, column in zip(columns, part.columns, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(read, names=columns)


def _numbers(texts: Any) -> Any:
    """As whole numbers, else as floating ones; what is neither is a gap, which the contract refuses."""
    import pyarrow as pa

    for kind_ in (pa.int64(), pa.float64()):
        try:
            return texts.cast(kind_)
        except pa.ArrowInvalid:
            continue
    return pa.array([_number(text) for text in texts.to_pylist()], pa.float64())


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
