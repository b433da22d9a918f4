"""Runs of one day: which there were, and which files each of them had.

Before a run of a day is published it says so in a file of its own, `days/DATE/RUN.json`: so whoever publishes
the next one knows what to take out of the tables by the same commit, wherever the former was killed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ml.batch.outputs import folders
from ml.batch.places import Place
from ml.batch.source import NothingThere, look
from ml.batch.unit import PREDICTIONS
from ml.errors import MlopsError
from ml.lake import tables

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

FOLDER: Final = "days"
WORD: Final = "{date}"  # of an address: YYYY-MM-DD stands there
MOST_DAYS: Final = 3_700


@dataclass(frozen=True, slots=True)
class DayRun:
    """began_at: ISO 8601, UTC. state: of the data's files, as a listing said it before they were read."""

    date: str
    run: str
    data: str
    state: str
    began_at: str


def begin(place: Place, one: DayRun) -> None:
    """Say that a run of the day is about to be published."""
    place.write(f"{FOLDER}/{one.date}/{one.run}.json", json.dumps(asdict(one)).encode())


def of_day(place: Place, date: str) -> list[DayRun]:
    """The runs of the day that were begun, the oldest first."""
    found = [DayRun(**json.loads(place.read(name))) for name in place.names(f"{FOLDER}/{date}")]
    return sorted(found, key=lambda one: (one.began_at, one.run))


def without_data(date: str) -> dict[str, Any]:
    """What is answered for a day that has no files: nothing was scored."""
    return {"date": date, "run": None, "state": "no data"}


def days(first: str, last: str | None) -> Iterator[str]:
    """The days from the first to the last one, both among them; one day without a last one.

    Raises MlopsError.
    """
    begin_, end = _day("--from", first), _day("--to", last or first)
    count = (end - begin_).days + 1
    if count < 1:
        raise MlopsError(f"--to {last} is before --from {first}.", "Give the earlier day first.")
    if count > MOST_DAYS:
        raise MlopsError(f"--from {first} --to {last} are {count} days.", f"Give {MOST_DAYS} at most.")
    return ((begin_ + dt.timedelta(days=number)).isoformat() for number in range(count))


def _day(option: str, text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        raise MlopsError(f"{option} {text!r} is no day.", "Write it as in 2026-11-30.") from error


def address(data: str, date: str) -> str:
    """The data of a day. Raises MlopsError where its address names none."""
    if WORD not in data:
        raise MlopsError(
            f"--data {data} is the same on each day.",
            f"Write {WORD} where the day stands, as in …/rows/{WORD}, or leave out --from and --to.",
        )
    return data.replace(WORD, date)


@dataclass(frozen=True, slots=True)
class Day:
    """What there is of a day. state: scored, late (files changed since), missing, unfinished or no data."""

    date: str
    state: str
    run: str | None


def checked(output: str, data: str, dates: Iterable[str], credential: TokenCredential | None) -> list[Day]:
    """Of each day: whether it was scored, and whether its files are still those that were."""
    place = Place(output, credential)
    table = tables.open_table(f"{place.where}/{PREDICTIONS}", credential)
    if table is None:  # the runs of Parquet say their days where they are written, and have no table
        made = folders(place, credential)
        place, published = made.written, made.published
    else:
        published = partial(_recorded, table)
    return [_checked(place, published, date, address(data, date), credential) for date in dates]


def _recorded(table: Any, run: str) -> bool:
    return tables.recorded(table, run) is not None


def _checked(
    place: Place, published: Callable[[str], bool], date: str, data: str, credential: TokenCredential | None
) -> Day:
    begun = of_day(place, date)
    known = [one for one in begun if published(one.run)]
    try:
        state = look(data, credential).state
    except NothingThere:
        return Day(date, "no data", known[-1].run if known else None)
    if not known:
        return Day(date, "unfinished" if begun else "missing", None)
    return Day(date, "scored" if known[-1].state == state else "late", known[-1].run)
