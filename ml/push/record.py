"""What was pushed on which day, as files of production's own: it cannot look at what it pushed.

pushed/DATE.json   the name of the day's file, decided before anything is sent, and what became of it
pushed/secret      32 bytes that ids are made with; whoever has them and the answers can tell whose a row is
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import MlopsError

FOLDER: Final = "pushed"
SECRET: Final = f"{FOLDER}/secret"
BYTES: Final = 32


class RecordFiles(Protocol):
    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, data: bytes) -> None: ...

    def create(self, name: str, data: bytes) -> bool:
        """Make a file, as a whole; False, with nothing changed, where there is one."""
        ...


class Attempt(BaseModel):
    """What was about to be sent. left_out: labelled answers that are not among the rows, by reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    rows: int
    positives: int
    bytes: int
    sha256: str
    first: str
    last: str
    labelled: int
    left_out: dict[str, int]


class Record(BaseModel):
    """The file of a day. sent_before: it was there when the last attempt was answered. An earlier one had
    arrived, whose sender was ended before it could say so; or the last one itself, whose answer was lost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: str
    account: str
    name: str
    state: Literal["sending", "sent"] = "sending"
    attempts: tuple[Attempt, ...] = ()
    sent_at: str | None = None
    sent_before: bool = False

    @property
    def arrived(self) -> Attempt:
        """What landing has of a file that was sent, for all that can be known here: with `sent_before` the
        attempt before the last, where there is one."""
        return self.attempts[-2 if self.sent_before and len(self.attempts) > 1 else -1]

    def changed(self, **new: object) -> Record:
        return self.model_copy(update=new)


def named(environment: str, date: dt.date, account: str) -> Record:
    """A file's name is new each time, and of letters that a trigger takes; it stands in no folder."""
    return Record(
        date=f"{date}", account=account, name=f"{environment}-{date}-{secrets.token_hex(8)}.parquet"
    )


def read(files: RecordFiles, date: dt.date) -> Record | None:
    """Raises MlopsError for a record that cannot be read: the day could be sent twice."""
    name = _name(date)
    data = files.read(name)
    if data is None:
        return None
    try:
        return Record.model_validate_json(data)
    except ValidationError as error:
        raise MlopsError(
            f"The record {name} cannot be read: {error.errors()[0]['msg']}.",
            "Restore it: without it the day could be pushed twice.",
        ) from error


def begin(files: RecordFiles, record: Record) -> bool:
    """Decide on the day's file; False where somebody else has."""
    return files.create(_name(dt.date.fromisoformat(record.date)), _text(record))


def write(files: RecordFiles, record: Record) -> None:
    files.write(_name(dt.date.fromisoformat(record.date)), _text(record))


def secret(files: RecordFiles, *, make: bool = True) -> bytes:
    """The bytes that ids are made with, made once. make: otherwise none where there are none yet."""
    if (found := files.read(SECRET)) is None:
        if not make:
            return b""
        files.create(SECRET, secrets.token_bytes(BYTES))
        found = files.read(SECRET)
    if found is None or len(found) != BYTES:
        raise MlopsError(
            f"{SECRET} does not have {BYTES} bytes.",
            "Restore it: with another one rows get other ids, and test rows become training rows.",
        )
    return found


def _name(date: dt.date) -> str:
    return f"{FOLDER}/{date}.json"


def _text(record: Record) -> bytes:
    return record.model_dump_json(indent=1).encode()
