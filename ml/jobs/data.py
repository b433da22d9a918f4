"""Looks at the data set and uploads it once, as a data asset whose version is a hash of its content."""

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ml.azure.assets import version_of
from ml.azure.clients import Azure
from ml.content import sha256_of_file
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

PARQUET_MAGIC = b"PAR1"
HEAD_BYTES = 8
VERSION_LENGTH = 16  # hexadecimal digits of the sha256


@dataclass(frozen=True, slots=True)
class DataFile:
    """`rows` is None for csv, whose rows are only known by reading all of it.

    `shown` is what messages call it (a path or an address), `name` the file's name at its source.
    `index` names what a pandas program takes for the index of its rows, and so for no column.
    """

    path: Path
    shown: str
    name: str
    format: str
    columns: tuple[str, ...]
    rows: int | None
    size: int
    sha256: str
    index: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        return self.sha256[:VERSION_LENGTH]


@dataclass(frozen=True, slots=True)
class DataAsset:
    """A data asset of the workspace."""

    name: str
    version: str


def _parquet_header(path: Path, shown: str) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Columns, rows, and the names of the pandas index."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            return tuple(schema.names), file.metadata.num_rows, _pandas_index(schema.pandas_metadata)
    except (pa.ArrowInvalid, OSError) as error:
        raise MlopsError(
            f"The data set {shown} is not readable parquet: {error}.",
            "Write the file anew, or give another --data.",
        ) from error


def _pandas_index(metadata: "dict[str, Any] | None") -> tuple[str, ...]:
    """The index of a pandas frame in a file: names of stored columns, or a range, stored as its limits."""
    entries: list[Any] = (metadata or {}).get("index_columns") or []
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in entries]
    return tuple(str(name) for name in names if name is not None)


def _csv_header(path: Path, shown: str) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            first = next(rows, [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise MlopsError(
            f"The data set {shown} is not readable csv: {error}.",
            "Write it as UTF-8 with a header line, or as parquet.",
        ) from error
    if len(header) < 2 or len(first) != len(header):
        raise MlopsError(
            f"The data set {shown} is no csv with a header and rows: {len(header)} heading(s), "
            f"{len(first)} value(s) in the first row.",
            "Write it as UTF-8 with a header line, or as parquet.",
        )
    return tuple(header)


def kind_of(head: bytes, shown: str, name: str) -> str:
    """`parquet` or `csv`, from a file's first bytes and its name. Raises MlopsError when it is neither."""
    if not head:
        raise MlopsError(f"The data set {shown} is empty (0 bytes).", "Give a parquet or csv file with rows.")
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    if PurePosixPath(name).suffix.lower() == ".csv":
        return "csv"
    raise MlopsError(
        f"The data set {shown} is neither parquet nor a .csv file: it begins with {head[:8]!r}.",
        "Give a parquet or csv file.",
    )


def inspect(
    path: Path,
    required: tuple[str, ...] = (),
    *,
    shown: str | None = None,
    name: str | None = None,
    sha256: str | None = None,
) -> DataFile:
    """Look whether the file is a data set: read its footer or header, and no rows.

    required: the features of a model that is to score it; shown, name: where the file came from, when it is a
    copy; sha256: its content, when that is known.
    Raises MlopsError when it is missing, empty, of another format, or without a required column.
    """
    shown, name = shown or str(path), name or path.name
    if not path.is_file():
        raise MlopsError(
            f"The data set {shown} does not exist or is no file.", "Give the file's path with --data."
        )
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES), shown, name)
    rows: int | None = None
    index: tuple[str, ...] = ()
    if kind == "parquet":
        columns, rows, index = _parquet_header(path, shown)
    else:
        columns = _csv_header(path, shown)
    twice = [column for column in required if columns.count(column) > 1]
    if twice:
        raise MlopsError(
            f"The data set {shown} has the column {', '.join(twice)} more than once.",
            "Give each feature of the deployed model one column.",
        )
    missing = [column for column in required if column not in columns]
    if missing:
        raise MlopsError(
            f"The data set {shown} has no column {', '.join(missing)}; it has {', '.join(columns)}.",
            "Give rows with the features of the deployed model.",
        )
    if rows == 0:
        raise MlopsError(f"The data set {shown} has no rows.", "Give a data set with rows.")
    return DataFile(path, shown, name, kind, columns, rows, size, sha256 or sha256_of_file(path), index)


def as_parquet(file: DataFile, scratch: Path) -> DataFile:
    """The file itself, or the parquet file that a csv file becomes: the pipeline's steps read parquet.

    The contract says which columns of a csv file are numbers; ids are text, as they are written.
    scratch: a directory for it. Raises MlopsError when a row or a number of the csv file cannot be read.
    """
    if file.format == "parquet":
        return file
    import pyarrow.parquet as pq

    from ml.jobs import csv_table
    from ml.steps.contract import FEATURES, LABEL

    target = scratch / f"{PurePosixPath(file.name).stem}.parquet"
    kinds: dict[str, csv_table.Kind] = {**csv_table.kinds_of(FEATURES), LABEL: "whole"}
    table = csv_table.read(file.path, file.shown, file.columns, kinds)
    pq.write_table(table, target, compression="zstd")
    return inspect(target, shown=file.shown)


def blob_path(name: str, file: DataFile) -> str:
    return f"datasets/{name}/{file.sha256}/{name}.{file.format}"


def upload(azure: Azure, file: DataFile) -> None:
    """Put the file at the path of its content. Nothing is sent when a blob of its size is there."""
    path = blob_path(azure.settings.data.name, file)
    blob = azure.blob(path)
    if _size(azure, blob) == file.size:
        azure.report.line(f"{path} is in the store already")
        return

    def send() -> None:
        with (
            azure.report.transfer(f"uploading {file.name}", file.size) as progress,
            file.path.open("rb") as content,
        ):
            blob.upload_blob(
                content,
                length=file.size,
                overwrite=True,
                metadata={"sha256": file.sha256},
                progress_hook=lambda done, total: progress(done),
            )

    azure.granted(send, "write to the data container")


def _size(azure: Azure, blob: "BlobClient") -> int | None:
    """The blob's size in bytes; None when there is no such blob."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return azure.granted(blob.get_blob_properties, "read the data container").size
    except ResourceNotFoundError:
        return None


def _made_of(file: DataFile) -> dict[str, str]:
    """The feature tables that the file was joined of, as tags; none where it does not say."""
    from ml.features.made_of import made_of, tags

    made = made_of(file.path) if file.format == "parquet" else None
    return {} if made is None else tags(made)


def register(azure: Azure, file: DataFile) -> DataAsset:
    """The file's data asset NAME:VERSION; the file is uploaded and the asset made when it does not exist."""
    name = azure.settings.data.name
    asset, path = DataAsset(name, file.version), version_of("data", f"{name}:{file.version}")
    known = azure.assets.read(path, "read data assets")
    if known is not None:
        stated = (known["properties"].get("tags") or {}).get("sha256")
        if stated != file.sha256:
            raise MlopsError(
                f"The data asset {name}:{file.version} has other content: {stated}.",
                "Somebody made it by hand: archive it in the workspace, then run the command again.",
            )
        azure.report.line(f"data asset {name}:{file.version} exists")
        upload(azure, file)  # the asset is still there, its blob may be gone
        return asset
    upload(azure, file)
    said = {
        "dataType": "uri_file",
        "dataUri": f"azureml://datastores/{azure.estate.datastore}/paths/{blob_path(name, file)}",
        "description": f"{file.name}, {file.size} bytes",
        "isAnonymous": False,
        "isArchived": False,
        "tags": {
            "sha256": file.sha256,
            "rows": str(file.rows),
            "columns": str(len(file.columns)),
            **_made_of(file),
        },
    }
    azure.assets.write(path, {"properties": said}, "create data assets")
    azure.report.line(f"data asset {name}:{file.version} made")
    return asset
