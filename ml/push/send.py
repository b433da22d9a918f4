"""A day's file goes to the other estate's landing once, killed anywhere.

The record names the file before it is sent, and is made by one run alone. Whoever finds a record that is not
finished sends under its name again: landing takes a name once, and says so to a second sender. So there is
one file a day, though nobody here may look.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ml.errors import MlopsError
from ml.push import checked, record
from ml.push.record import Attempt, Record, RecordFiles
from ml.push.rows import Rows, Window, parquet
from ml.push.settings import PushSettings

MOST_BYTES: Final = 256 << 20  # of a file: it is sent by one request, and held in memory
FEW: Final = "too few rows"


class Landing(Protocol):
    def add(self, name: str, data: bytes) -> bool:
        """Add a file as a whole; False where there is one of that name. Raises MlopsError."""
        ...


@dataclass(frozen=True, slots=True)
class Sender:
    """rows: those of a window; the secret that their ids are made with comes first.

    account: the data lake that takes them, by name.
    """

    environment: str
    account: str
    files: RecordFiles
    landing: Landing
    rows: Callable[[bytes, Window], Rows]
    rules: PushSettings
    test_fraction: float


def push(sender: Sender, date: dt.date, now: dt.datetime, *, look: bool = False) -> dict[str, Any]:
    """Send the file of a day that is over, unless it was sent. look: send nothing, say what would be.

    Raises MlopsError for rows that no training would take.
    """
    found = record.read(sender.files, date)
    if found is not None and found.account != sender.account:
        raise MlopsError(
            f"The file of {date} belongs to {found.account}, and retraining.pushTo is {sender.account}.",
            "Push another day, or set retraining.pushTo as it was.",
        )
    if found is not None and found.state == "sent":
        return _answer(sender, date, "sent before", found.arrived, found)
    secret = record.secret(sender.files, make=not look)
    made = sender.rows(secret, Window.up_to(date, _days(sender)))
    count = made.rows.num_rows
    if count < sender.rules.minimum_rows and not _explained(made):
        answer = _answer(sender, date, FEW, _attempt(made, b"", date, sender, now), found)
        return {**answer, "minimum_rows": sender.rules.minimum_rows}
    checked.check(made, sender.test_fraction)
    content = parquet(made.rows)
    if len(content) > MOST_BYTES:
        raise MlopsError(
            f"The file of {date} has {len(content):,} bytes, and one request takes {MOST_BYTES:,}.",
            f"Set push.most_rows below {count} in ml/settings.toml.",
        )
    attempt = _attempt(made, content, date, sender, now)
    if look:
        # Before a first file there is no secret: the ids, and so the digest, will be others.
        told = attempt if secret else attempt.model_copy(update={"sha256": ""})
        return _answer(sender, date, "would be sent", told, found)
    decided = _decided(sender, date)
    if decided.state == "sent":  # by another run, meanwhile
        return _answer(sender, date, "sent before", decided.arrived, decided)
    decided = decided.changed(attempts=(*decided.attempts, attempt))
    record.write(sender.files, decided)
    new = sender.landing.add(decided.name, content)
    if not new and (now_ := record.read(sender.files, date)) is not None and now_.state == "sent":
        return _answer(sender, date, "sent before", now_.arrived, now_)  # whoever sent it knows what it was
    done = decided.changed(state="sent", sent_at=now.isoformat(), sent_before=not new)
    record.write(sender.files, done)
    return _answer(sender, date, "sent", done.arrived, done)


def _days(sender: Sender) -> int:
    return sender.rules.window_days


def _explained(made: Rows) -> bool:
    """Whether a feature has no value anywhere, which is a reason of its own."""
    return made.labelled >= 1 and made.labelled in made.empty.values()


def _decided(sender: Sender, date: dt.date) -> Record:
    """The day's record as it is now, of whichever run made it first: rows take minutes to make."""
    new = record.named(sender.environment, date, sender.account)
    if record.begin(sender.files, new):
        return new
    found = record.read(sender.files, date)
    if found is None:
        raise MlopsError(
            f"The record of {date} was there and is gone.", "See who deletes in pushed/; run it again."
        )
    return found


def _attempt(made: Rows, content: bytes, date: dt.date, sender: Sender, now: dt.datetime) -> Attempt:
    window, count = Window.up_to(date, _days(sender)), made.rows.num_rows
    left = {"with an empty feature": made.labelled - count - made.beyond, "too many": made.beyond}
    return Attempt(
        at=now.isoformat(),
        rows=count,
        positives=made.positives,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest() if content else "",
        first=f"{window.first}",
        last=f"{window.last}",
        labelled=made.labelled,
        left_out={why: rows for why, rows in left.items() if rows},
    )


def _answer(
    sender: Sender, date: dt.date, state: str, attempt: Attempt, found: Record | None
) -> dict[str, Any]:
    told = {
        "environment": sender.environment,
        "date": f"{date}",
        "to": sender.account,
        "state": state,
        "name": found.name if found else None,
        "sent_at": found.sent_at if found else None,
        "sent_before": found.sent_before if found else False,
        "unfinished": found is not None and found.state == "sending",
    }
    return {**told, **attempt.model_dump(exclude={"at"})}
