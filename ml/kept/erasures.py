"""Records of erasures: who was erased is told to those alone who know the key already."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from ml.errors import MlopsError
from ml.lake.arrow import ArrowTable
from ml.lake.files import Files

FOLDER: Final = "answers/erasures"


@dataclass(frozen=True, slots=True)
class Erasure:
    """digest: HMAC-SHA-256 of the key under `salt`. before: rows that were scored until then are erased.

    finished_at: None while it is under way. recoverable_until: the day from which Azure can restore nothing.
    places: what became of each place of ml/forget/places.py, by its name. requests: request and row of each
    answer about the person, by which other places find it; empty once it is finished. Those that come late
    are in files of the folder ID/ beside it, until then.
    """

    id: str
    salt: str
    digest: str
    before: str
    reason: str
    by: str
    finished_at: str | None = None
    rows: int = 0  # of the table of answers
    labels: int = 0
    quarantined: int = 0  # files
    recoverable_until: str | None = None
    places: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    requests: list[list[Any]] = field(default_factory=list[list[Any]])

    def of(self, key: str) -> bool:
        return hmac.compare_digest(self.digest, _digest(self.salt, key))

    def hits(self, rows: ArrowTable) -> Any:
        """Which of these rows it erases: a boolean array."""
        import pyarrow as pa
        import pyarrow.compute

        compute: Any = pyarrow.compute
        keys = rows.column("key")
        mine = [key for key in compute.unique(keys).to_pylist() if key is not None and self.of(key)]
        early = compute.less_equal(rows.column("scored_at"), pa.scalar(datetime.fromisoformat(self.before)))
        return compute.and_(compute.is_in(keys, value_set=pa.array(mine, pa.string())), early)


def _digest(salt: str, key: str) -> str:
    return hmac.new(bytes.fromhex(salt), key.encode(), hashlib.sha256).hexdigest()


def begun(key: str, reason: str, by: str, now: datetime) -> Erasure:
    salt = secrets.token_hex(16)
    name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    return Erasure(name, salt, _digest(salt, key), now.isoformat(), reason, by)


def under_way(found: Sequence[Erasure], key: str) -> Erasure | None:
    """The erasure of this key that was not finished, if there is one."""
    return next((one for one in found if one.finished_at is None and one.of(key)), None)


def write(files: Files, one: Erasure) -> None:
    files.write(f"{FOLDER}/{one.id}.json", json.dumps(asdict(one), indent=1).encode())


def note(files: Files, one: Erasure, requests: Iterable[tuple[str, int]]) -> bool:
    """Write down request and row of answers about the person, by which other places find it.

    A file of its own, beside the record: whoever collects notes them while somebody else erases, and of two
    who write one file the first would be lost. True where the record was finished: it is under way again,
    since the places that go by requests have not been asked for these.
    """
    listed = [list(each) for each in sorted({(str(request), int(row)) for request, row in requests})]
    name = f"{FOLDER}/{one.id}/{secrets.token_hex(8)}.json"
    files.write(name, json.dumps(listed).encode())
    # After the note: whoever finishes looks for notes after that, so one of both sees the other.
    now = _read(files, f"{FOLDER}/{one.id}.json")
    return now is not None and now.finished_at is not None and reopened(files, now).finished_at is None


def notes_of(files: Files, one: Erasure) -> list[str]:
    """The names of the notes that are there."""
    return files.names(f"{FOLDER}/{one.id}/")


def with_notes(files: Files, one: Erasure, names: Iterable[str] | None = None) -> Erasure:
    """The record with the requests of these notes, or of all that are there now."""
    known = {(str(request), int(row)) for request, row in one.requests}
    for name in notes_of(files, one) if names is None else names:
        if (data := files.read(name)) is not None:
            known |= {(str(request), int(row)) for request, row in json.loads(data)}
    return replace(one, requests=[list(each) for each in sorted(known)])


def reopened(files: Files, one: Erasure) -> Erasure:
    """A finished record beside which requests were noted is under way again; another one stays as it is."""
    if one.finished_at is None or not notes_of(files, one):
        return one
    again = replace(one, finished_at=None, recoverable_until=None)
    write(files, again)
    return again


def all_of(files: Files) -> list[Erasure]:
    """Every record. Raises MlopsError for one that cannot be read: its rows might come back unseen."""
    names = [name for name in files.names(f"{FOLDER}/") if "/" not in name.removeprefix(f"{FOLDER}/")]
    found = (_read(files, name) for name in names)
    return [one for one in found if one is not None]


def _read(files: Files, name: str) -> Erasure | None:
    data = files.read(name)
    try:
        return None if data is None else Erasure(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise MlopsError(
            f"The record of an erasure {name} cannot be read: {error}.",
            "Restore it: without it rows of an erased person could be collected again.",
        ) from error


def finished(one: Erasure, now: datetime, **counted: Any) -> Erasure:
    return replace(one, finished_at=now.isoformat(), **counted)
