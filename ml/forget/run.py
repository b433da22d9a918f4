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

from ml.errors import MlopsError
from ml.forget.erasers import ERASERS
from ml.forget.outcome import Outcome
from ml.forget.places import PLACES, Place
from ml.forget.where import Person, Where
from ml.kept import erasures
from ml.kept.collect import collect
from ml.kept.erase import requests_of
from ml.kept.erasures import Erasure
from ml.lake.each import away
from scoring.kept.keys import PATTERN

Told = Callable[[str], None]
ROUNDS: Final = 3  # requests that are noted in each: the next command has them
REQUESTS: Final = "requests"  # in what an outcome keeps: how many a place was looked through for
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
    found = erasures.all_of(files)
    # One that was finished, and beside which requests were noted since, goes on.
    record = erasures.under_way([erasures.reopened(files, one) for one in found if one.of(key)], key)
    if record is None:
        record = erasures.begun(key, reason, by, now)
        erasures.write(files, record)
    left = [one for one in places if not _over(record, one)]
    if left:
        record = _asked(where, record, key, now)
        collect(where.kept, where.retention_days, now)  # the parts that are there, without this person's rows
        record = _asked(where, record, key, now)
    notes: list[str] = []
    for _ in range(ROUNDS):
        for place in left:
            told(place.name)
            record = erasures.with_notes(files, record)
            record = _noted(record, place, _erased(place, where, record, key, _outcome(record, place), now))
            erasures.write(files, record)
        notes = erasures.notes_of(files, record)
        record = erasures.with_notes(files, record, notes)
        # Requests that were noted while other places were erased are looked for before the end.
        left = [one for one in places if one.by_request and not _searched(record, one)]
        if not left:
            break
    if all(_over(record, one) for one in places):
        until = None if recoverable_days is None else f"{(now + timedelta(days=recoverable_days + 2)).date()}"
        # Before the record is finished, which is not taken up after a kill; the record has what is in them.
        for name in notes:
            files.delete(name)
        # What a killed writer left goes when it is a day old, with the next collecting.
        record = erasures.finished(
            replace(record, places=_without_what_is_kept(record)), now, recoverable_until=until, requests=[]
        )
        erasures.write(files, record)
        record = erasures.reopened(files, record)  # by a collecting that had not seen it finished
    return record


def failed(record: Erasure) -> list[str]:
    """In words, the places that were not reached."""
    return [f"{name}: {told['said']}" for name, told in record.places.items() if told["state"] == "failed"]


def _outcome(record: Erasure, place: Place) -> Outcome:
    if not (place.by_key or place.names):
        return Outcome("not there")
    found = record.places.get(place.name)
    return Outcome("failed", said="not begun") if found is None else Outcome(**found)


def _over(record: Erasure, place: Place) -> bool:
    """Whether nothing is left to do there: of a place that goes by requests, for all that are known now."""
    return _outcome(record, place).over and (not place.by_request or _searched(record, place))


def _searched(record: Erasure, place: Place) -> bool:
    """Whether a place that goes by requests was asked for all that are known now; they only become more."""
    outcome = _outcome(record, place)
    return outcome.state == "not there" or outcome.kept.get(REQUESTS) == len(record.requests)


def _without_what_is_kept(record: Erasure) -> dict[str, dict[str, Any]]:
    """Of a record that is finished: how many requests were looked for holds no longer, as there are none."""
    return {
        name: {**told, "kept": {key: value for key, value in told["kept"].items() if key != REQUESTS}}
        for name, told in record.places.items()
    }


def _noted(record: Erasure, place: Place, outcome: Outcome) -> Erasure:
    if place.by_request:
        outcome = replace(outcome, kept={**outcome.kept, REQUESTS: len(record.requests)})
    counts: dict[str, Any] = {}
    if place.name in COUNTED:
        counts[COUNTED[place.name]] = outcome.rows
    return replace(record, places={**record.places, place.name: asdict(outcome)}, **counts)


def _asked(where: Where, record: Erasure, key: str, now: datetime) -> Erasure:
    """Write the person's requests down before the answers go by which they are found.

    Once the answers are erased, what is there anew is that of a person who came back, and stays.
    """
    gone = (record.places.get("answers") or {}).get("state") == "erased"
    until = datetime.fromisoformat(record.before) if gone else None
    files, found = where.kept.files, requests_of(where.kept, key, now, until)
    known = erasures.with_notes(files, replace(record, requests=[*record.requests, *map(list, found)]))
    if known != record:
        erasures.write(files, known)
    return known


def _erased(place: Place, where: Where, record: Erasure, key: str, before: Outcome, now: datetime) -> Outcome:
    """What became of a place. A failure of it keeps no other place from being erased."""
    requests = frozenset((str(request), int(row)) for request, row in record.requests)
    landed = (record.places.get("landing") or {}).get("kept", {}).get("held", {})
    person = Person(key, requests, record.id, datetime.fromisoformat(record.before), now, landed)
    try:
        return ERASERS[place.name](where, person, before.kept)
    except Exception as error:
        found = away(error)
        if found is None:
            raise
        said = " ".join([found.problem, found.remedy, *found.details[:1]])
        return Outcome("failed", before.rows, said.replace(key, "KEY"), before.kept)


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
