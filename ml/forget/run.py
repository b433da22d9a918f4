"""Erases one person's rows, place by place, with a record that says what became of each.

Every step may be repeated, and the record says that the erasure is under way until all places are done: one
that was killed, or that did not reach a place, is taken up by the same command, which leaves alone what is
done. As long as there is a record, rows that were scored before it are dropped when a part with them comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ml.azure.known import known
from ml.errors import MlopsError
from ml.forget.erasers import ERASERS
from ml.forget.outcome import Outcome
from ml.forget.places import PLACES, Place
from ml.forget.where import Person, Where
from ml.kept import erasures
from ml.kept.collect import collect
from ml.kept.erase import requests_of
from ml.kept.erasures import Erasure
from scoring.kept.keys import PATTERN

Told = Callable[[str], None]
COUNTED: Final = {"answers": "rows", "labels": "labels", "answers-aside": "quarantined"}
"""Fields of the record that older ones have, by the place that they count."""


def forget(
    where: Where,
    key: str,
    reason: str,
    by: str,
    recoverable_days: int | None,
    now: datetime | None = None,
    *,
    places: Sequence[Place] = PLACES,
    told: Told = lambda _: None,
) -> Erasure:
    """Erase; the record, which does not hold the key. It is not finished where a place is not.

    recoverable_days: how long the data lake keeps what was deleted, which nobody can shorten by a role. told:
    hears which place is looked at. Raises MlopsError when the key is none, or the record cannot be written.
    """
    now = now or datetime.now(UTC)
    _check(key, reason)
    files = where.kept.files
    record = erasures.under_way(erasures.all_of(files), key)
    if record is None:
        record = erasures.begun(key, reason, by, now)
        erasures.write(files, record)
    if any(not _outcome(record, one).over for one in places):
        record = _asked(where, record, key, now)
        collect(where.kept, where.retention_days, now)  # the parts that are there, without this person's rows
        record = _asked(where, record, key, now)
    for place in places:
        before = _outcome(record, place)
        if before.over:
            continue
        told(place.name)
        record = erasures.with_notes(files, record)
        record = _noted(record, place, _erased(place, where, record, key, before, now))
        erasures.write(files, record)
    if all(_outcome(record, one).over for one in places):
        until = None if recoverable_days is None else f"{(now + timedelta(days=recoverable_days + 2)).date()}"
        # What a killed writer left goes when it is a day old, with the next collecting.
        record = erasures.finished(record, now, recoverable_until=until, requests=[])
        erasures.forget_notes(files, record)  # first: a record that is finished is not taken up after a kill
        erasures.write(files, record)
    return record


def failed(record: Erasure) -> list[str]:
    """In words, the places that were not reached."""
    return [f"{name}: {told['said']}" for name, told in record.places.items() if told["state"] == "failed"]


def _outcome(record: Erasure, place: Place) -> Outcome:
    if not place.by_key:
        return Outcome("not there")
    found = record.places.get(place.name)
    return Outcome("failed", said="not begun") if found is None else Outcome(**found)


def _noted(record: Erasure, place: Place, outcome: Outcome) -> Erasure:
    counts: dict[str, Any] = {}
    if place.name in COUNTED:
        counts[COUNTED[place.name]] = outcome.rows
    return replace(record, places={**record.places, place.name: asdict(outcome)}, **counts)


def _asked(where: Where, record: Erasure, key: str, now: datetime) -> Erasure:
    """Write the person's requests down before the answers go by which they are found."""
    files, found = where.kept.files, requests_of(where.kept, key, now)
    known = erasures.with_notes(files, replace(record, requests=[*record.requests, *map(list, found)]))
    if known != record:
        erasures.write(files, known)
    return known


def _erased(place: Place, where: Where, record: Erasure, key: str, before: Outcome, now: datetime) -> Outcome:
    """What became of a place. A failure of it keeps no other place from being erased."""
    requests = frozenset((str(request), int(row)) for request, row in record.requests)
    person = Person(key, requests, record.id, datetime.fromisoformat(record.before), now)
    try:
        return ERASERS[place.name](where, person, before.kept)
    except Exception as error:
        found = _away(error)
        if found is None:
            raise
        said = " ".join([found.problem, found.remedy, *found.details[:1]])
        return Outcome("failed", before.rows, said.replace(key, "KEY"), before.kept)


def _away(error: Exception) -> MlopsError | None:
    """A service's or a disk's refusal, or a file that is no table's; None for a mistake of this program."""
    from deltalake.exceptions import DeltaError
    from pyarrow import ArrowException

    if isinstance(error, OSError | DeltaError | ArrowException):
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        return MlopsError(
            f"It cannot be read or written: {first}.", "Sign in as one who may, and run it again."
        )
    return known(error)


def _check(key: str, reason: str) -> None:
    if not re.fullmatch(PATTERN, key):
        raise MlopsError(
            f"The key is {len(key)} characters that no key has.", f"Give a key as callers send it: {PATTERN}."
        )
    if not reason.strip() or key in reason:
        raise MlopsError(
            "The reason is empty or holds the key, and the record outlives the rows.",
            "Give the reason without saying of whom: the number of the request, say.",
        )
