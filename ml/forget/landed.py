"""Files of rows that others delivered or that models were trained on: whose hold a person's row, by its key.

The key is the contract's id. A parquet file of `landing` is written anew without the row, marked so that no
training starts of it, and only where nobody has written it meanwhile. Versions of training sets never change:
which registered models came of files that hold the row is told, for their data's digest is in their lineage.
"""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from ml.errors import MlopsError
from ml.lake.each import Done, each
from ml.lake.files import FOLDER
from ml.lake.table_place import as_held
from ml.steps.contract import ID
from ml.trigger.events import ERASURE

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

PARQUET: Final = ".parquet"
CSV: Final = ".csv"
MOST_BYTES: Final = 256 << 20  # of a file that is written anew: by one request, of which one event tells


class Rows(Protocol):
    """Files of rows in a container, or below a prefix of it."""

    def names(self) -> list[str]: ...

    def read(self, name: str) -> tuple[bytes, str] | None:
        """The content and its ETag; None where it is gone."""
        ...

    def replace(self, name: str, data: bytes, etag: str) -> bool:
        """Write a file anew, marked as an erasure's; False, with nothing changed, where it is another."""
        ...


@dataclass(frozen=True, slots=True)
class Trained:
    """A registered model. name: NAME:VERSION. sha256: of the file that it was trained on; "" is not known."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Sets:
    """landing, datasets: files of rows. models: all that are registered, with their data's digests."""

    landing: Rows
    datasets: Rows
    models: Callable[[], Iterable[Trained]]


def holding(files: Rows, key: str) -> tuple[dict[str, str], Done]:
    """The SHA-256 of each file that holds rows of the key, by its name; how many rows each file holds, and
    which files cannot be read."""
    found: dict[str, str] = {}

    def look(name: str) -> int:
        content = files.read(name)
        rows = 0 if content is None else counted(name, content[0], key)
        if content is not None and rows:
            found[name] = hashlib.sha256(content[0]).hexdigest()
        return rows

    done = each(files.names(), look)
    return found, done


def counted(name: str, data: bytes, key: str) -> int:
    """How many rows of a file have the key; 0 for a file without ids. Raises MlopsError."""
    if name.lower().endswith(CSV):
        return _of_csv(name, data, key)
    if not name.lower().endswith(PARQUET):
        return 0
    import pyarrow.compute

    compute: Any = pyarrow.compute
    ids = _read(name, data, [ID])
    return 0 if ids is None else int(compute.sum(_hits(ids, key)).as_py() or 0)


def erase(files: Rows, name: str, key: str, was: Callable[[str], object] = lambda _: None) -> int:
    """Write a file anew without the rows of the key; how many those were.

    was: hears the SHA-256 of the content before, by which models of it are found.

    Raises MlopsError for a csv, whose other rows could not be kept as they are written, for a file that is
    too large, and for one that somebody else has written meanwhile.
    """
    content = files.read(name)
    if content is None or not (rows := counted(name, content[0], key)):
        return 0
    data, etag = content
    if not name.lower().endswith(PARQUET):
        raise MlopsError(
            f"{rows} rows of the person are in a file that is no parquet.",
            "Have it delivered anew without the person, or convert it; delete this one.",
        )
    if len(data) > MOST_BYTES:
        raise MlopsError(
            f"The file has {len(data):,} bytes, and one request takes {MOST_BYTES:,}.",
            "Have it delivered anew without the person, in parts; delete this one.",
        )
    import pyarrow.compute
    import pyarrow.parquet as pq

    compute: Any = pyarrow.compute
    table = _read(name, data, None)
    to = io.BytesIO()
    pq.write_table(table.filter(compute.invert(_hits(table, key))), to, compression="zstd")
    if not files.replace(name, to.getvalue(), etag):
        raise MlopsError("Somebody else has written it meanwhile.", "Run the same command again.")
    was(hashlib.sha256(data).hexdigest())
    return rows


def models_of(models: Iterable[Trained], digests: Iterable[str]) -> list[str]:
    """The models that were trained on one of these files, in the order of their names and versions."""
    held = set(digests) - {""}
    found = [one.name.rpartition(":") for one in models if one.sha256 in held]
    return [f"{name}:{version}" for name, _, version in sorted(found, key=_in_order)]


def _in_order(parts: tuple[str, str, str]) -> tuple[str, int, str]:
    name, _, version = parts
    return name, int(version) if version.isdigit() else 0, version


def _read(name: str, data: bytes, columns: list[str] | None) -> Any:
    """The table of a file; None where it has no ids. Raises MlopsError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        return file.read(columns=columns) if ID in file.schema_arrow.names else None
    except (pa.ArrowException, OSError) as error:
        raise MlopsError(
            f"{name} cannot be read, and may hold the person: {str(error).splitlines()[0]}",
            "Delete it, or have it delivered anew; then run the same command again.",
        ) from error


def _hits(table: Any, key: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    column = table.column(ID)
    if pa.types.is_null(column.type) or (value := as_held(column.type, key)) is None:
        return pa.array([False] * table.num_rows, pa.bool_())
    if isinstance(value, str):
        column = column.cast(pa.string())  # texts of any kind, and whole numbers that are held as others
    return compute.fill_null(compute.equal(column, pa.scalar(value, column.type)), False)


def _of_csv(name: str, data: bytes, key: str) -> int:
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header = next(rows, [])
        place = header.index(ID) if ID in header else None
        return 0 if place is None else sum(len(row) > place and row[place].strip() == key for row in rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise MlopsError(
            f"{name} cannot be read, and may hold the person: {error}",
            "Delete it, or have it delivered anew; then run the same command again.",
        ) from error


class LakeRows:
    """Files of a container, by the identity of whoever runs this. prefix: what their names begin with."""

    def __init__(
        self, account: str, container: str, credential: TokenCredential, prefix: str = "", **options: Any
    ) -> None:
        from azure.storage.blob import ContainerClient

        url = f"https://{account}.blob.core.windows.net"
        # The client marks what is written: an id given to a call is lost where the SDK sends it once more.
        own: dict[str, Any] = {"max_single_put_size": MOST_BYTES, "raw_request_hook": _marked}
        self._container = ContainerClient(url, container, credential, **own, **options)
        self._prefix = prefix

    def names(self) -> list[str]:
        found = self._container.list_blobs(name_starts_with=self._prefix or None, include=["metadata"])
        return sorted(one.name for one in found if FOLDER not in (one.metadata or {}))

    def read(self, name: str) -> tuple[bytes, str] | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._container.download_blob(name)
            return stream.readall(), str(stream.properties.etag)
        except ResourceNotFoundError:
            return None

    def replace(self, name: str, data: bytes, etag: str) -> bool:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        blob = self._container.get_blob_client(name)
        try:
            known = blob.get_blob_properties(etag=etag, match_condition=MatchConditions.IfNotModified)
            known.content_settings.content_md5 = None  # which was that of the rows before
            blob.upload_blob(
                data,
                overwrite=True,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
                metadata=known.metadata,
                content_settings=known.content_settings,
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return False
        return True


def _marked(request: Any) -> None:
    """Give what is written an id that an event has, too, by which the trigger leaves it alone."""
    if request.http_request.method == "PUT":
        request.http_request.headers["x-ms-client-request-id"] = f"{ERASURE}{uuid.uuid4()}"
