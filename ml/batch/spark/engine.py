"""The driver's part of a run in Spark: it plans, hands out units, judges and publishes.

Reading, scoring and publishing are those of every engine (ml.batch.run, ml.batch.unit): a unit is the same
rows and the same file whoever scores it, and what units say is added up in their order. So the tables and the
record are equal to the last bit, whatever the number of executors, and a run that one engine has begun can
be ended by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ml.batch.asked import Format
from ml.batch.evaluate import Composite, load
from ml.batch.places import Place, is_lake
from ml.batch.run import Limits, Told, run, too_many
from ml.batch.source import Source, Unit
from ml.batch.spark.order import Order, Token
from ml.batch.spark.worker import ANSWER, model_folder, score
from ml.batch.unit import RUNS, Done, Scoring, record_name
from ml.errors import MlopsError
from ml.lake.tables import AUDIENCE
from scoring.model.artifact import COMPOSITE, EXPLANATION, MANIFEST, SAMPLES, ArtifactError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

Session: TypeAlias = Any  # pyspark.sql.SparkSession, which no other engine needs

# Units that a wave gives to each task slot. Each wave has a token of its own, which holds for an hour, and a
# wave of Parquet takes seconds; a unit of CSV is a whole file, of any length.
PER_SLOT: Final = 16
PER_SLOT_CSV: Final = 2


def batch(
    session: Session,
    model: Model,
    data: str,
    output: str,
    key: str | None,
    limits: Limits,
    credential: TokenCredential | None = None,
    told: Told = lambda _read, _all: None,
    environment: str = "",
    *,
    date: str | None = None,
    format_: Format = "delta",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """As ml.batch.run.run, by the executors of a session. limits.workers: task slots; 0: Spark's own."""
    composite = model.composite(limits.block_rows)
    executors = Executors(session, model.folder, credential)
    return run(
        composite,
        data,
        output,
        key,
        limits,
        credential,
        told,
        environment,
        executors.score,
        date=date,
        format_=format_,
        say=say,
    )


@dataclass(frozen=True, slots=True)
class Model:
    """The files of a model, as a release names it. name: NAME:VERSION. digest: the release's, None: any."""

    folder: Path
    name: str
    release: str | None
    digest: str | None

    def composite(self, block_rows: int) -> Composite:
        """Raises MlopsError where the files are damaged, or of another model."""
        try:
            found = load(self.folder, self.name, self.release, block_rows)
        except ArtifactError as error:
            raise MlopsError(
                f"The model {self.name} in {self.folder} cannot be used: {error}", "Fetch it again."
            ) from error
        if self.digest not in (None, found.artifact.digest):
            raise MlopsError(
                f"The model {self.name} in {self.folder} is {found.artifact.digest}, and the release "
                f"{self.release} was made of {self.digest}.",
                "Somebody has changed the model: deploy a new release of it, or restore it.",
            )
        return found


@dataclass(frozen=True, slots=True)
class Executors:
    """The executors of a session, as those who score units. model: the folder of its files."""

    session: Session
    model: Path
    credential: TokenCredential | None

    def score(self, scoring: Scoring, found: Source, limits: Limits, told: Told) -> list[Done]:
        """Hand out what is to do, in waves. Raises MlopsError for the first unit that cannot be scored."""
        _keep_model(self.model, scoring.output, scoring.run)
        there = frozenset(scoring.output.names(f"{RUNS}/{scoring.run}"))
        known = [unit for unit in found.units if record_name(scoring.run, unit) in there]
        done = {unit.number: before for unit in known if (before := scoring.done(unit)) is not None}
        self._told(done, found, limits, told)
        waiting = [unit for unit in found.units if unit.number not in done]
        for wave in _waves(waiting, self._slots(limits), found):
            done.update(self._wave(wave, scoring, found, limits))
            self._told(done, found, limits, told)
        return [done[unit.number] for unit in found.units]

    def _slots(self, limits: Limits) -> int:
        """How many units are scored at once."""
        return limits.workers or int(self.session.sparkContext.defaultParallelism)

    def _wave(
        self, units: Sequence[Unit], scoring: Scoring, found: Source, limits: Limits
    ) -> dict[int, Done]:
        composite = scoring.composite
        order = Order(
            found.place.where,
            found.format,
            found.columns,
            tuple(units),
            scoring.output.where,
            scoring.run,
            scoring.key,
            None if scoring.key_type is None else str(scoring.key_type),
            limits.block_rows,
            composite.name,
            composite.release,
            composite.artifact.digest,
            composite.evaluated_by,
            self._token(found.place.where, scoring.output.where),
        )
        places = self.session.range(0, len(units), 1, len(units))  # a task for each unit
        rows = places.mapInArrow(partial(score, order), ANSWER).collect()
        for row in sorted(rows, key=lambda row: row["number"]):
            if row["problem"] is not None:
                raise MlopsError(row["problem"], row["remedy"])
        return {row["number"]: Done.from_json(row["done"].encode()) for row in rows}

    def _token(self, *places: str) -> Token | None:
        """For the executors, which are given no other way to sign in; None where all is in folders."""
        if not any(map(is_lake, places)):
            return None
        if self.credential is None:
            raise MlopsError(
                f"{' and '.join(places)} need a credential, and none was given.", "Sign in first."
            )
        token = self.credential.get_token(AUDIENCE)
        return Token(token.token, token.expires_on)

    def _told(self, done: dict[int, Done], found: Source, limits: Limits, told: Told) -> None:
        """How far it is. Raises MlopsError as soon as more rows are rejected than may be."""
        rows = found.rows
        told(sum(one.read for one in done.values()), rows)
        rejected = sum(one.rejected_rows for one in done.values())
        if rows is not None and rejected > limits.most_rejected * rows:
            raise too_many(rejected, rows, limits, at_least=True)


def _waves(units: Sequence[Unit], slots: int, found: Source) -> Iterator[Sequence[Unit]]:
    size = slots * (PER_SLOT_CSV if found.format == "csv" else PER_SLOT)
    for start in range(0, len(units), size):
        yield units[start : start + size]


def _keep_model(model: Path, output: Place, run_: str) -> None:
    """The model's files into the run's folder, where executors find them. Its manifest comes last."""
    for name in (COMPOSITE, SAMPLES, EXPLANATION, MANIFEST):
        if (file := model / name).exists():  # an executor that misses one says so
            output.write(f"{model_folder(run_)}/{name}", file.read_bytes())
