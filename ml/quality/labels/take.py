"""A file of labels into the table, once, however often it is given and wherever it was interrupted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.content import sha256_of_file
from ml.errors import MlopsError
from ml.lake import tables
from ml.quality.labels import file, table
from ml.quality.labels.joining import Joined, join
from ml.quality.rules import Rules

if TYPE_CHECKING:
    from deltalake import DeltaTable

ATTEMPTS: Final = 5  # when somebody else writes to the table at the same time
NAME: Final = "labels-"  # of what a commit records, with the file's digest behind it


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file. already: it was taken before, with no unknown label left."""

    source: str
    rows: int
    already: bool
    outcomes: dict[str, int]
    late: int
    days: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def take(
    path: Path,
    shown: str,
    answers: DeltaTable | None,
    labels: Callable[[], DeltaTable],
    rules: Rules,
    now: dt.datetime,
) -> Taken:
    """Read, join, record in one commit, which also names the file and how many of its labels were unknown.

    answers: the table of kept answers. labels: opens that of labels, as it is now. Raises MlopsError for a
    file that is wrong, and when others keep writing to the table.
    """
    given = file.read(path, shown, now)
    digest = sha256_of_file(path)
    counts_for = dt.timedelta(days=rules.labelled_days)
    for _ in range(ATTEMPTS):
        there = labels()
        if tables.recorded(there, NAME + digest) == 0:
            return Taken(digest, len(given), True, {}, 0, ())
        found = [] if answers is None else table.answers_for(answers.to_pyarrow_dataset(), given)
        known = table.known_for(there.to_pyarrow_dataset(), found)
        joined = join(given, found, known, now, counts_for)
        try:
            _record(there, joined, digest, now)
        except tables.TableChangedError:
            continue
        days = tuple(map(str, joined.days))
        return Taken(digest, len(given), False, {**joined.counts}, joined.late, days)
    raise MlopsError(
        f"The labels {shown} could not be recorded: others wrote to the table {ATTEMPTS} times meanwhile.",
        "Run the command again; what it records, it records once.",
    )


def _record(there: DeltaTable, joined: Joined, digest: str, now: dt.datetime) -> None:
    """Nothing is written where nothing is new: the table then says all that the file says."""
    if not joined.new:
        return
    tables.append(
        there,
        table.rows(joined.new, now, digest),
        taken={NAME + digest: joined.counts["unknown"]},
        told={f"mlops.{name.replace(' ', '_')}": count for name, count in joined.counts.items()},
    )
