"""What is scheduled, as data: which command's work, when, what it takes. Settings switch rows on and off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from pathlib import Path

    from ml.azure.clients import Azure
    from ml.published.reason import Reason
    from ml.scheduled.job import Job


@dataclass(frozen=True, slots=True)
class Scheduled:
    """name: of the row, of its settings and, with the environment, of the schedule in Azure ML.

    work: the module of ml/scheduled/works; of what is a pipeline itself, its kind. asked: what it takes; it
    may name what holds when it is applied, as the release. why: its reason on each job. cron: five fields,
    UTC; of the settings where they say one. pipeline: makes the job of what is no work, from the checkout, a
    title and the reason.
    here: whether the estate has what it needs; elsewhere it is off, whatever the settings say.
    """

    name: str
    work: str
    cron: str
    why: str
    asked: Callable[[Azure], str] = lambda _: "{}"
    pipeline: Callable[[Azure, Path, str, Reason], Job] | None = None
    here: Callable[[Azure], bool] = lambda _: True

    def on(self, azure: Azure) -> bool:
        return azure.settings.scheduled.row(self.name).on and self.here(azure)


def _batch(azure: Azure) -> str:
    from ml.scheduled.batches import scheduled

    return scheduled(azure)


def _precomputed(azure: Azure) -> str:
    from ml.scheduled.asked import precomputed

    return precomputed(azure)


def _features(azure: Azure) -> str:
    from ml.scheduled.asked import features

    return features(azure)


def _fleet(azure: Azure, root: Path, title: str, reason: Reason) -> Job:
    from ml.scheduled.fleets import job

    return job(azure, root, title, reason)


ROWS: Final[tuple[Scheduled, ...]] = (
    Scheduled("collect", "collect", "10 * * * *", "hourly: kept answers go into their table"),
    Scheduled("quality", "quality", "40 4 * * *", "daily: the report of the day before"),
    Scheduled(
        "push",
        "push",
        "20 5 * * *",
        "daily: labelled rows go to where trainings run",
        here=lambda azure: azure.estate.pushes_to is not None,
    ),
    Scheduled("batch", "batch", "20 3 * * *", "daily: the rows of the day before are scored", _batch),
    Scheduled(
        "features", "features", "30 2 * * *", "daily: feature tables have what their sources say", _features
    ),
    Scheduled(
        "precomputed",
        "precomputed",
        "10 5 * * *",
        "daily: the newest batch is looked up",
        _precomputed,
    ),
    Scheduled("fleet", "fleet", "0 1 1 * *", "monthly: the fleet learns of new rows", pipeline=_fleet),
)


def rows(names: tuple[str, ...]) -> list[Scheduled]:
    """The rows that are named, all of them when none is. Raises MlopsError."""
    known = {row.name: row for row in ROWS}
    if unknown := [name for name in names if name not in known]:
        raise MlopsError(f"Nothing that is called {unknown[0]} is scheduled.", f"Name {', '.join(known)}.")
    return [known[name] for name in names] or list(ROWS)
