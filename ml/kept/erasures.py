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
    answer about the person, by which other places find it; empty once it is finished.
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


def note(files: Files, one: Erasure, requests: Iterable[tuple[str, int]]) -> Erasure:
    """Write down request and row of answers about the person, by which other places find it."""
    known = {(str(request), int(row)) for request, row in (*one.requests, *requests)}
    noted = replace(one, requests=[list(each) for each in sorted(known)])
    if noted != one:
        write(files, noted)
    return noted


def all_of(files: Files) -> list[Erasure]:
    """Every record. Raises MlopsError for one that cannot be read: its rows might come back unseen."""
    found: list[Erasure] = []
    for name in files.names(f"{FOLDER}/"):
        data = files.read(name)
        if data is None:
            continue
        try:
            found.append(Erasure(**json.loads(data)))
        except (ValueError, TypeError) as error:
            raise MlopsError(
                f"The record of an erasure {name} cannot be read: {error}.",
                "Restore it: without it rows of an erased person could be collected again.",
            ) from error
    return found


def finished(one: Erasure, now: datetime, **counted: Any) -> Erasure:
    return replace(one, finished_at=now.isoformat(), **counted)
