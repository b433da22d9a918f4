"""How a person's rows leave each place of ml/forget/places.py that is erased by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from ml.errors import MlopsError
from ml.forget import telemetry as logs
from ml.forget.landed import erase_all, holding, models_of
from ml.forget.outcome import Outcome
from ml.forget.where import Person, Where
from ml.lake.each import Done, away, each

Erase = Callable[[Where, Person, Mapping[str, Any]], Outcome]
"""With what the outcome before has kept. Raises MlopsError, and what a service raises."""
Found = TypeVar("Found")


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
    done = each(
        sorted({*below, *where.outputs}),
        lambda output: erase(output, person.key, person.record, where.credential, where.wait_s),
    )
    # Folders of Parquet count what went by this call alone: an earlier call's rows are not forgotten.
    before: dict[str, int] = kept.get("rows", {})
    rows = {name: max(before.get(name, 0), done.rows.get(name, 0)) for name in {*before, *done.rows}}
    state = "failed" if done.failed else "erased"
    return Outcome(state, sum(rows.values()), done.words().replace(person.key, "KEY"), {"rows": rows})


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


def _training_data(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    """Before landing is written anew: a file there is known by its content as models were trained on it.

    kept: what an earlier call has found, of files that may be other ones by now; a file that could not be
    read then is known by what landing was when it was written anew.
    """
    if where.sets is None:
        return Outcome("not there")
    sets = where.sets
    held: dict[str, str] = {**person.landed, **kept.get("held", {})}
    rows, said = 0, list[str]()
    for files in (sets.landing, sets.datasets):
        found, done = _told(said, lambda files=files: holding(files, person.key), ({}, Done()))
        held |= {digest: name.replace(person.key, "KEY") for name, digest in found.items()}
        rows += sum(done.rows.values())
        said += [done.words()] if done.failed else []
    rows = max(rows, int(kept.get("rows", 0)))
    models = _told(said, lambda: models_of(sets.models(), held), list[str]())
    if models:
        said.append(
            f"trained on data that held the row: {', '.join(models)}. Publish a version of the data without "
            "the person, train anew, and delete these models and that data"
        )
    # What was found is kept also where a part failed: landing is written anew whether or not.
    named = {"held": held, "models": models, "rows": rows}
    words = " ".join(said).replace(person.key, "KEY") or "no registered model names data that holds the row"
    failed = len(said) > bool(models)
    return Outcome("failed" if failed else "told", rows, words, named)


def _told(said: list[str], look: Callable[[], Found], otherwise: Found) -> Found:
    """What was looked for; where that is refused, `otherwise`, and the reason joins what is said."""
    try:
        return look()
    except Exception as error:
        if (refused := away(error)) is None:
            raise
        said.append(f"{refused.problem} {refused.remedy}")
        return otherwise


def _landing(where: Where, person: Person, kept: Mapping[str, Any]) -> Outcome:
    if where.sets is None:
        return Outcome("not there")
    held: dict[str, str] = dict(kept.get("held", {}))

    def was(name: str, digest: str) -> None:
        held[digest] = name.replace(person.key, "KEY")  # the record outlives the rows

    done, looked = erase_all(where.sets.landing, person.key, was)
    rows = int(kept.get("rows", 0)) + sum(done.rows.values())
    state = "failed" if done.failed else "erased"
    said = (
        done.words().replace(person.key, "KEY")
        or f"all files that had landed by {looked:%Y-%m-%d %H:%M:%S} UTC"
    )
    return Outcome(state, rows, said, {"rows": rows, "held": held})


ERASERS: Final[dict[str, Erase]] = {
    "telemetry": _telemetry,
    "answers-aside": _aside,
    "answers": _answers,
    "labels": _labels,
    "features": _features,
    "batches": _batches,
    "predictions-by-key": _predictions,
    "training-data": _training_data,
    "landing": _landing,
}
