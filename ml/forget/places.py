"""Every place with rows of people: how a person's are erased, how that is proven, how long rows stay.

The one table of it: `mlops forget` goes through it, `mlops catalogue` and docs/data.md show it, and the
collecting takes the retention of answers from it. Each data set of ml/catalogue/sets.toml that is about
people is in one row; a test says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.kept.collect import QUARANTINE_DAYS

if TYPE_CHECKING:
    from ml.settings import Settings


@dataclass(frozen=True, slots=True)
class Retention:
    """words: how long rows are kept. setting: of ml/settings.toml, which says after how many days they are
    removed by ml/; None: a rule of Azure removes them, or nothing does."""

    words: str
    setting: str | None = None

    def days(self, settings: Settings) -> int:
        """Days until ml/ removes rows. Raises ValueError where it removes none by age."""
        if self.setting is None:
            raise ValueError(f"no setting of ml/settings.toml removes rows that are kept {self.words}")
        found: Any = settings
        for name in self.setting.split("."):
            found = getattr(found, name)
        return int(found)


@dataclass(frozen=True, slots=True)
class Place:
    """sets: of the data catalogue, whose rows these are. how: a person's rows are erased; proof: how it is
    known. by_key: whether `mlops forget` does it (ml/forget/erasers.py); else `how` says why not, and what is
    to be done. by_request: rows are found by the requests of the person's answers, of which some come late:
    the place is looked at again for those. names: `mlops forget` erases nothing there, and says what of it is
    the person's."""

    name: str
    sets: tuple[str, ...]
    how: str
    proof: str
    kept: Retention
    by_key: bool = False
    by_request: bool = False
    names: bool = False


REWRITTEN: Final = "its days are rewritten without the rows, and files of old versions are deleted"
PLACES: Final = (
    Place(
        "telemetry",
        ("telemetry",),
        "purged in Log Analytics: events that list rows of the person's requests (with all rows of such an "
        "event, also others'), and the gateway's entries with the URL of a look-up by the key",
        "the purge has ended, and queries by request id and by key find nothing",
        Retention("`telemetry.retentionDays` of the stack file"),
        by_key=True,
        by_request=True,
    ),
    Place(
        "answers-aside",
        ("answers-aside",),
        "files that hold the key, or cannot be read and so may hold it, are deleted",
        "the record counts the files",
        Retention(f"{QUARANTINE_DAYS} days"),
        by_key=True,
    ),
    Place(
        "answers",
        ("answer-parts", "answers"),
        f"parts are collected without the rows, also those that come late; of the table {REWRITTEN}",
        "the table's history counts the rows under the record's id",
        Retention(
            "`[kept] retention_days` of ml/settings.toml; parts until the next collecting",
            "kept.retention_days",
        ),
        by_key=True,
    ),
    # After the answers: labels that come meanwhile are joined to them, and would bring the key back.
    Place(
        "labels",
        ("labels",),
        f"by key, and by request and row of the person's answers: {REWRITTEN}",
        "the table's history counts the rows under the record's id",
        Retention("until it is deleted"),
        by_key=True,
    ),
    Place(
        "features",
        ("feature-tables",),
        "by the column of the key that names people, in every table and version: history and latest are "
        "rewritten, files of old versions are deleted; later builds leave it out, whatever the sources say",
        "the tables' histories count the rows under the record's id",
        Retention("as each definition says"),
        by_key=True,
    ),
    Place(
        "batches",
        ("batch-outputs",),
        "by the batch's key: predictions and rejects of every run are rewritten, published or not; hashes of "
        "keys are deleted. Outputs elsewhere: `--output`; runs without `--key` have no key to find",
        "the tables' histories count the rows, and `erased` in the record of each run",
        Retention("until it is deleted"),
        by_key=True,
    ),
    Place(
        "predictions-by-key",
        ("predictions-by-key",),
        "deleted by key from all runs of the database; its backups keep them for their time",
        "the database counts the rows, and has none at a second time",
        Retention("`precomputed.keep_runs` of ml/settings.toml; backups `predictionsDatabase.backupDays`"),
        by_key=True,
    ),
    # Before landing, whose files are known by their content as models were trained on it.
    Place(
        "training-data",
        ("credit-default", "models"),
        "not by key: versions of a data asset are immutable, and models hold some rows of them as samples. "
        "Which registered models came of data that holds the row is named: publish a version without the "
        "person, train anew, and delete the old ones",
        "the record names the models, by the SHA-256 of their data in their lineage",
        Retention("until it is deleted"),
        names=True,
    ),
    Place(
        "landing",
        ("landing",),
        "by the contract's `id`: parquet and csv files are written anew without the row, which starts no "
        "training. A file that cannot be read, or is neither, is named: whoever delivers it delivers it anew",
        "the record counts the rows, and says until when files were looked at: no older one holds a row",
        Retention("`dataLake.landingDays` of the stack file, from the last writing"),
        by_key=True,
    ),
    Place(
        "erasures",
        ("erasures",),
        "not erased: it holds a salted digest, without which late parts would bring rows back",
        "the record has no key",
        Retention("until it is deleted"),
    ),
    Place(
        "pushed",
        ("pushed",),
        "not by key: production cannot look at what it pushed. Later files leave the person out, once "
        "answers and labels are erased; where trainings run, delete the files that landed before, and train "
        "anew",
        "the names of the files are in pushed/ of production's container tables",
        Retention("`dataLake.landingDays` of the stack file there"),
    ),
)


def place(name: str) -> Place:
    return next(one for one in PLACES if one.name == name)


def of_set(name: str) -> Place:
    """The place that holds a data set of the catalogue. Raises MlopsError for one that is in none."""
    for one in PLACES:
        if name in one.sets:
            return one
    raise MlopsError(f"The data set {name} is about people and in no row of ml/forget/places.py.", "Add it.")
