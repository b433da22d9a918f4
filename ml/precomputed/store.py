"""What both databases do with runs, and the SQL that is the same in both.

A run is loaded first and shown then, by a row that names it. Where a run is loaded and was never shown, the
load was interrupted between the two; where it was shown once and is not any more, somebody has gone back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from ml.errors import MlopsError
from ml.lake.arrow import ArrowBatch

Told = Callable[[int, int | None], None]  # rows that were loaded so far, and all


@dataclass(frozen=True, slots=True)
class Batch:
    """A run to load. model: NAME:VERSION. blocks: columns as `rows.COLUMNS`, at least one row in all."""

    run: str
    model: str
    model_digest: str
    release: str
    scored_at: datetime
    rows: int
    blocks: Callable[[], Iterator[ArrowBatch]]


@dataclass(frozen=True, slots=True)
class Run:
    """A run in the database. shown_at: when it became visible last; None: it was loaded and never shown."""

    number: int
    run: str
    model: str
    release: str
    scored_at: datetime
    rows: int
    loaded_at: datetime
    shown_at: datetime | None
    visible: bool


class GoneBack(MlopsError):
    """Somebody went back from the run: it is not loaded again by itself."""


RUNS: Final = """
SELECT r.number, r.run, r.model, r.release, r.scored_at, r.rows, r.loaded_at, r.shown_at,
       r.number = (SELECT number FROM published_run)
FROM prediction_runs AS r ORDER BY r.number DESC
"""
LOADED: Final = """
INSERT INTO prediction_runs (run, model, model_digest, release, scored_at, rows, loaded_at)
VALUES ({0}, {0}, {0}, {0}, {0}, {0}, {0}) RETURNING number
"""
SHOW: Final = """
INSERT INTO published_run (one, number, since) VALUES (TRUE, {0}, {0})
ON CONFLICT (one) DO UPDATE SET number = excluded.number, since = excluded.since
"""
SHOWN: Final = "UPDATE prediction_runs SET shown_at = {0} WHERE number = {0}"
FORGET_RUN: Final = "DELETE FROM prediction_runs WHERE number = {0}"
ERASE: Final = "DELETE FROM predictions WHERE key = {0}"


class Store(Protocol):
    """A database with the tables. Raises MlopsError where it cannot be asked, or has no tables yet."""

    words: str

    def load(self, batch: Batch, keep: int, told: Told) -> None:
        """Load a run, show it, and remove all but `keep` runs. Killed at any point, the run before stays
        visible, and the same call ends what was begun."""
        ...

    def show(self, number: int) -> None:
        """Make a run that is there the visible one."""
        ...

    def runs(self) -> list[Run]:
        """The newest first."""
        ...

    def erase(self, key: str) -> int:
        """Remove the rows of a key from all runs; how many those were. Refused while a run is loaded: it
        might hold rows of the key that nobody sees yet."""
        ...

    def close(self) -> None: ...


def known(runs: Sequence[Run], name: str) -> Run | None:
    return next((one for one in runs if one.run == name), None)


def visible(runs: Sequence[Run]) -> Run | None:
    return next((one for one in runs if one.visible), None)


def to_remove(runs: Sequence[Run], keep: int) -> list[Run]:
    """The runs beyond `keep`: the visible one stays, and of the others those that were shown last, for of
    these one is gone back to."""
    others = sorted((one for one in runs if not one.visible), key=_last_shown, reverse=True)
    return others[keep - 1 :] if visible(runs) else others[keep:]


def already(runs: Sequence[Run], batch: Batch) -> Run | None:
    """The run when it is there already. Raises GoneBack when somebody has gone back from it."""
    found = known(runs, batch.run)
    if found is not None and found.shown_at is not None and not found.visible:
        raise GoneBack(
            f"The run {batch.run} is loaded and was visible since {found.shown_at:%Y-%m-%d %H:%M} UTC; then "
            "somebody went back from it.",
            f"`mlops precomputed back --run {batch.run}` shows it again; runs of new data load as ever.",
        )
    return found


def before(runs: Sequence[Run], name: str | None) -> Run:
    """The run to go back to: the one of that name, or of those before the visible one the one that was shown
    last. So a run that somebody went back from is not returned to, however new it is.

    Raises MlopsError.
    """
    names = ", ".join(one.run for one in runs) or "none"
    if name is not None:
        if (found := known(runs, name)) is None:
            raise MlopsError(
                f"The database has no run {name}; it has {names}.",
                f"Name one of these, or load it: `mlops precomputed load --run {name}`.",
            )
        return found
    now = visible(runs)
    older = [one for one in runs if now and one.number < now.number and one.shown_at is not None]
    if not older:
        raise MlopsError(
            f"There is no run before {now.run if now else 'the first one'}; the database has {names}.",
            "Name the run with --run, or load another one.",
        )
    return max(older, key=_last_shown)


def _last_shown(run: Run) -> tuple[bool, datetime, int]:
    """What orders runs by their last showing; those that were never shown come before all others."""
    return run.shown_at is not None, run.shown_at or run.loaded_at, run.number


def whole(batch: Batch, loaded: int) -> None:
    """Raises MlopsError when the run's rows are not as many as its record says."""
    if loaded != batch.rows:
        raise MlopsError(
            f"The run {batch.run} has {loaded:,} rows, and its record says {batch.rows:,}.",
            "Nothing has changed. Somebody has changed the table of predictions: run the batch again.",
        )


def twice(error: Exception) -> MlopsError:
    """What a database says of two rows with one key."""
    told = MlopsError(
        "The run has a key that occurs twice.",
        "Nothing has changed. Run the batch with --key: it refuses such data.",
    )
    told.__cause__ = error
    return told


def run_of(row: Sequence[Any]) -> Run:
    """A row of RUNS. SQLite keeps times as texts."""
    number, run, model, release, scored_at, rows, loaded_at, shown_at, is_visible = row
    return Run(
        number,
        run,
        model,
        release,
        _moment(scored_at),
        rows,
        _moment(loaded_at),
        None if shown_at is None else _moment(shown_at),
        bool(is_visible),
    )


def _moment(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
