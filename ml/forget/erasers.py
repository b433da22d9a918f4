"""How a person's rows leave each place of ml/forget/places.py that is erased by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ml.errors import MlopsError
from ml.forget import telemetry as logs
from ml.forget.outcome import Outcome
from ml.forget.where import Person, Where

Erase = Callable[[Where, Person, Mapping[str, Any]], Outcome]
"""With what the outcome before has kept. Raises MlopsError, and what a service raises."""


def _labels(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    from ml.kept.erase import erase_labels

    if where.kept.labels is None:
        return Outcome("not there")
    return Outcome("erased", erase_labels(where.kept, person.record, person.key, person.requests))


def _aside(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    from ml.kept.erase import erase_aside

    return Outcome("erased", erase_aside(where.kept, person.key, person.now))


def _answers(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    from ml.kept.erase import erase_answers

    return Outcome("erased", erase_answers(where.kept, person.record, person.key))


def _features(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    from ml.features.erase import erase

    if where.features is None:
        return Outcome("not there")
    rows = erase(where.features, person.key, person.record, person.before, where.credential)
    return Outcome("erased", rows)


def _batches(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    from ml.batch.erase import erase, outputs_below

    below = [] if where.batches is None else outputs_below(where.batches, where.credential)
    rows = 0
    for output in sorted({*below, *where.outputs}):
        rows += erase(output, person.key, person.record, where.credential, where.wait_s)
    return Outcome("erased", rows)


def _predictions(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    if where.predictions is None:
        return Outcome("not there")
    store = where.predictions()
    try:
        rows = store.erase(person.key)
        if left := store.erase(person.key):
            raise MlopsError(
                f"{store.words} had {left} rows of the key again at once.", "See who loads; run it again."
            )
    finally:
        store.close()
    return Outcome("erased", rows + int(kept.get("rows", 0)))


def _telemetry(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    if where.logs is None:
        return Outcome("not there")
    requests = {request for request, _ in person.requests}
    return logs.erase(where.logs, person.key, requests, kept, person.now - person.before)


ERASERS: Final[dict[str, Erase]] = {
    "telemetry": _telemetry,
    "answers-aside": _aside,
    "answers": _answers,
    "labels": _labels,
    "features": _features,
    "batches": _batches,
    "predictions-by-key": _predictions,
}
