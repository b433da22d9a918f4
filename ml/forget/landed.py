"""Files of rows that others delivered or that models were trained on: whose hold a person's row, by its key.

The key is the contract's id. A parquet or csv file of `landing` is written anew without the row, marked so
that no training starts of it, and only where nobody has written it meanwhile. What is neither, which no
training reads, is named: nobody here can say whose rows it holds. Versions of training sets never change:
which registered models came of files that hold the row is told, for their data's digest is in their lineage.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from ml.errors import MlopsError
from ml.forget import csv_rows
from ml.forget.csv_rows import NotCsvError
from ml.lake.each import Done, away, each
from ml.lake.files import FOLDER
from ml.lake.table_place import as_held
from ml.steps.contract import ID
from ml.trigger.events import ERASURE

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

PARQUET: Final = b"PAR1"  # a file's first bytes, whatever its name is, as where data are taken for a training
CSV: Final = ".csv"
REMEDY: Final = "Delete it, or have it delivered anew; then run the same command again."
MOST_BYTES: Final = 256 << 20  # of a file that is written anew: by one request, of which one event tells
LOOKS: Final = 5  # at all files: what landed, or was written anew, since the look before is looked at again


class Rows(Protocol):
    """Files of rows in a container, or below a prefix of it."""

    def versions(self) -> dict[str, str]:
        """The files that are there, by name in order, each with a word that is another once it is written."""
        ...

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

    done = each(files.versions(), look)
    return found, done


def kind_of(name: str, data: bytes) -> Literal["parquet", "csv", "empty"]:
    """What a file is read as. Raises MlopsError for what no training reads."""
    if not data:
        return "empty"
    if data.startswith(PARQUET):
        return "parquet"
    if name.lower().endswith(CSV):
        return "csv"
    raise MlopsError(
        f"{name} is neither parquet nor csv, so it cannot be looked through, and may hold the person.",
        "Delete it, or have it delivered as parquet or csv; then run the same command again.",
    )


def counted(name: str, data: bytes, key: str) -> int:
    """How many rows of a file have the key; 0 for a file without ids. Raises MlopsError."""
    kind = kind_of(name, data)
    if kind == "empty":
        return 0
    if kind == "csv":
        with _readable(name):
            return csv_rows.count(io.BytesIO(data), ID, key)
    import pyarrow.compute

    compute: Any = pyarrow.compute
    ids = _read(name, data, [ID])
    return 0 if ids is None else int(compute.sum(_hits(ids, key)).as_py() or 0)


def erase(files: Rows, name: str, key: str, was: Callable[[str], object] = lambda _: None) -> int:
    """Write a file anew without the rows of the key; how many those were.

    was: hears the SHA-256 of the content before, by which models of it are found.

    Raises MlopsError for a file that no training reads, that cannot be read or is too large, and for one that
    somebody else has written meanwhile.
    """
    content = files.read(name)
    if content is None or not (rows := counted(name, content[0], key)):
        return 0
    data, etag = content
    if len(data) > MOST_BYTES:
        raise MlopsError(
            f"The file has {len(data):,} bytes, and one request takes {MOST_BYTES:,}.",
            "Have it delivered anew without the person, in parts; delete this one.",
        )
    if not files.replace(name, _without(name, data, key), etag):
        raise MlopsError("Somebody else has written it meanwhile.", "Run the same command again.")
    was(hashlib.sha256(data).hexdigest())
    return rows


def _without(name: str, data: bytes, key: str) -> bytes:
    """The file without the rows of the key; others of a csv byte for byte, of parquet with their types."""
    to = io.BytesIO()
    if kind_of(name, data) == "csv":
        with _readable(name):
            csv_rows.without(io.BytesIO(data), to, ID, key)
        return to.getvalue()
    import pyarrow.compute
    import pyarrow.parquet as pq

    compute: Any = pyarrow.compute
    table = _read(name, data, None)
    pq.write_table(table.filter(compute.invert(_hits(table, key))), to, compression="zstd")
    return to.getvalue()


def erase_all(files: Rows, key: str, was: Callable[[str, str], object]) -> tuple[Done, datetime]:
    """Erase the key from all files, and look again until nothing has landed meanwhile; when that was.

    was: hears a file's name and the SHA-256 of its content before. Files that land after that moment are not
    looked at. `landing` is among what failed while files land faster than they are looked through, and where
    a later look is refused: what was erased until then is told nevertheless. The first look raises.
    """
    done, seen, at = Done(), dict[str, str](), datetime.now(UTC)
    for _ in range(LOOKS):
        began = datetime.now(UTC)
        try:
            there = files.versions()
        except Exception as error:
            if not seen or (refused := away(error)) is None:
                raise
            done.failed["landing"] = refused
            return done, at
        at = began
        new = [name for name, version in there.items() if seen.get(name) != version]
        if not new:
            return done, at
        found = each(new, lambda name: erase(files, name, key, lambda digest: was(name, digest)))
        for name, rows in found.rows.items():
            done.rows[name] = done.rows.get(name, 0) + rows
            done.failed.pop(name, None)
        done.failed |= found.failed
        seen = there
    done.failed["landing"] = MlopsError(
        f"Files were still landing at the look number {LOOKS}.",
        "Run the same command again, at a calmer time.",
    )
    return done, at


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
            REMEDY,
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


@contextmanager
def _readable(name: str) -> Generator[None]:
    """Raises MlopsError for a csv that cannot be read."""
    try:
        yield
    except NotCsvError as error:
        raise MlopsError(f"{name} cannot be read, and may hold the person: {error}", REMEDY) from error


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

    def versions(self) -> dict[str, str]:
        found = self._container.list_blobs(name_starts_with=self._prefix or None, include=["metadata"])
        there = {str(one.name): str(one.etag) for one in found if FOLDER not in (one.metadata or {})}
        return dict(sorted(there.items()))

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
