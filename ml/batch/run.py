"""A batch from its files to its tables: all cores, bounded memory, published whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final

from ml.batch import days
from ml.batch.asked import Format
from ml.batch.evaluate import Composite
from ml.batch.keys import repeated
from ml.batch.outputs import Output
from ml.batch.outputs import output as open_output
from ml.batch.places import Place
from ml.batch.source import Source, Unit, look, source
from ml.batch.unit import RUNS, Done, Scoring
from ml.errors import MlopsError
from ml.lake import lease
from ml.lake.arrow import ArrowType
from ml.quality.judge import judge
from ml.quality.rules import Rules
from ml.quality.sums import DaySums
from ml.steps.cores import cores

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

FORMAT: Final = 1  # of what a run writes: another one is another run
MOST_REPLACED: Final = 10_000  # how often a day may have gone back to the same rows


@dataclass(frozen=True, slots=True)
class Limits:
    """block_rows: scored at once. most_rejected: share of rows; beyond it nothing is published.

    workers: threads; 0: one a core. wait_s: for another run that writes to the same output.
    """

    block_rows: int = 65_536
    most_rejected: float = 0.01
    workers: int = 0
    wait_s: float = 3600.0

    @property
    def threads(self) -> int:
        return self.workers or cores()


Told = Callable[[int, int | None], None]  # the rows that were read so far, and all, where that is known


# Scores the units of a source that are not done yet, and says what became of each, in their order.
Workers = Callable[[Scoring, Source, Limits, Told], list[Done]]


class Interrupted(Exception):
    """Another unit has failed: this one is given up."""


def run(
    composite: Composite,
    where: str,
    output: str,
    key: str | None,
    limits: Limits,
    credential: TokenCredential | None = None,
    told: Told = lambda _read, _all: None,
    environment: str = "",
    workers: Workers | None = None,
    *,
    date: str | None = None,
    format_: Format = "delta",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Score all rows and publish them; what a run of the same did before is found and not done again.

    workers: who scores the units; threads of this process unless others are given. date: the day that the
    rows are of: the run takes the place of those of the same day that had other rows. say: is told what else
    matters, in words.

    Returns the run's record: identity, counts, drift and the estimated quality of the whole batch. Raises
    MlopsError before anything is published.
    """
    Place(output, credential)  # refuses what is no place before anything is written there
    with lease.held(output, credential, limits.wait_s, say):
        # Only now: files may have come while another run was waited for. The state is that from before the
        # files are read, so that one that comes meanwhile counts as late.
        state = "" if date is None else look(where, credential).state
        found = source(where, composite.artifact.schema.names, key, credential)
        key_type = _key_type(found, key)
        made = open_output(output, format_, key_type, credential)
        place = made.written
        name = _name(made, identity(composite, found, key, date, format_), date)
        if date is not None:
            made.check(_others(place, date, name))
        record = f"{RUNS}/{name}/record.json"
        if place.exists(record) and made.published(name):
            answer = json.loads(place.read(record))
            _begun(place, name, date, where, state, answer)
            return {**answer, "replaced": [], "found": True}
        _one_evaluator(place, name, composite)
        scoring = Scoring(composite, found, place, name, key, key_type, limits.block_rows)
        done = (workers or threads)(scoring, found, limits, told)
        answer = _judged(composite, scoring, found, done, name, limits, environment)
        if key is not None and (twice := repeated(place, name, [unit.number for unit in found.units])):
            raise MlopsError(
                f"The column {key} of {where} has {twice:,} values that occur more than once.",
                "Nothing was published. A key names one row: mend the data, or leave --key out.",
            )
        answer["date"] = date
        place.write(record, json.dumps(answer, indent=1).encode())
        _begun(place, name, date, where, state, answer)
        replaced = made.publish(name, done, lambda: [] if date is None else _others(place, date, name))
        return {**answer, "replaced": replaced, "found": False}


def _begun(
    place: Place, name: str, date: str | None, where: str, state: str, answer: Mapping[str, Any]
) -> None:
    if date is not None:
        days.begin(place, days.DayRun(date, name, where, state, str(answer["made_at"])))


def _others(place: Place, date: str, name: str) -> list[str]:
    """The other runs of the day, published or not."""
    return [one.run for one in days.of_day(place, date) if one.run != name]


def _name(made: Output, first: str, date: str | None) -> str:
    """The run's name. One whose place another run has taken is not used again: its files may be gone."""
    if date is None:
        return first
    names = (first if number == 1 else f"{first}-{number}" for number in range(1, MOST_REPLACED))
    return next(name for name in names if not made.replaced(name))


def identity(
    composite: Composite, found: Source, key: str | None, date: str | None = None, format_: Format = "delta"
) -> str:
    """The run's name: the same rows of the same day by the same model are the same run."""
    facts = [FORMAT, composite.name, composite.release, composite.artifact.digest, found.digest, key]
    if date is not None or format_ != "delta":
        facts += [date, format_]
    return f"b-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]}"


def _key_type(found: Source, key: str | None) -> ArrowType | None:
    """Whole numbers or texts; in CSV always texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if key is None or found.format == "csv":
        return None
    if not found.units:
        return None
    with found.place.files.open_input_file(found.units[0].file) as stream:
        of = pq.read_schema(stream).field(key).type
    if pa.types.is_integer(of):
        return pa.int64()
    if pa.types.is_floating(of):
        raise MlopsError(f"The column {key} holds floating numbers.", "A key is a whole number or a text.")
    return pa.string()


def _one_evaluator(place: Place, run_: str, composite: Composite) -> None:
    """Raises MlopsError when other workers of the same run evaluate the model by something else."""
    name = f"{RUNS}/{run_}/evaluator.txt"
    if not place.exists(name):
        place.write(name, composite.evaluated_by.encode())
    if (before := place.read(name).decode()) != composite.evaluated_by:
        raise MlopsError(
            f"The run {run_} was begun with {before}, and here {composite.evaluated_by} evaluates the model: "
            "their answers differ in the last digits.",
            f"Go on where it was begun, or remove {place.where}/{RUNS}/{run_} to begin anew.",
        )


def threads(scoring: Scoring, found: Source, limits: Limits, told: Told) -> list[Done]:
    """All cores of this machine."""
    lock, stopped = Lock(), Event()
    counts = {"read": 0, "rejected": 0}
    rows = found.rows

    def count(read: int, rejected: int) -> None:
        if stopped.is_set():
            raise Interrupted
        with lock:
            counts["read"] += read
            counts["rejected"] += rejected
            told(counts["read"], rows)
            if rows is not None and counts["rejected"] > limits.most_rejected * rows:
                raise too_many(counts["rejected"], rows, limits, at_least=True)

    def work(unit: Unit) -> Done:
        before = scoring.done(unit)
        if before is None:
            return scoring.score(unit, count)
        count(before.read, before.rejected_rows)
        return before

    with ThreadPoolExecutor(limits.threads) as pool:
        begun = [pool.submit(work, unit) for unit in found.units]
        try:
            ended, _ = wait(begun, return_when=FIRST_EXCEPTION)
        except BaseException:  # somebody pressed Ctrl-C: the other threads end with their block
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
        failed = [one for one in ended if one.exception() is not None]
        if failed:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise _first_failure(begun)
    return [one.result() for one in begun]


def _first_failure(begun: Sequence[Future[Done]]) -> BaseException:
    """The failure of the first unit that failed by itself, and was not given up for another's sake."""
    errors = [one.exception() for one in begun if not one.cancelled()]
    return next(error for error in errors if error is not None and not isinstance(error, Interrupted))


def too_many(rejected: int, rows: int, limits: Limits, at_least: bool = False) -> MlopsError:
    """The error of a batch in which more rows break the contract than may."""
    return MlopsError(
        f"{'At least ' if at_least else ''}{rejected:,} of {rows:,} rows break the model's contract, "
        f"more than the {limits.most_rejected:.2%} that batch.most_rejected allows.",
        "Nothing was published. The rejects with their columns and reasons are in the run's files.",
    )


def _judged(
    composite: Composite,
    scoring: Scoring,
    found: Source,
    done: Sequence[Done],
    name: str,
    limits: Limits,
    environment: str,
) -> dict[str, Any]:
    read, rejected = sum(one.read for one in done), sum(one.rejected_rows for one in done)
    if not read:
        raise MlopsError(f"{found.place.where} holds no rows.", "Give files with rows.")
    if rejected > limits.most_rejected * read:
        raise too_many(rejected, read, limits)
    sums = DaySums.empty(composite.artifact.drift)
    for one in done:  # in the order of the units: sums of fractions depend on it
        sums = sums + scoring.sums(one)
    now = dt.datetime.now(dt.UTC)
    today = now.date()
    report = judge(environment, composite.monitored, today, {today: sums}, {}, Rules(), now)
    return {
        "run": name,
        "data": found.place.where,
        "data_digest": found.digest,
        "model": composite.name,
        "model_digest": composite.artifact.digest,
        "release": composite.release,
        "evaluated_by": composite.evaluated_by,
        "evaluator": composite.evaluator.to_json(),
        "made_at": now.isoformat(timespec="microseconds"),
        "files": len({unit.file for unit in found.units}),
        "rows": read,
        "scored": read - rejected,
        "rejected": rejected,
        "positive": int(sums.scores.rows[1].sum()),
        "outliers": sums.outliers,
        "ignored_columns": list(found.ignored),
        "report": json.loads(report.model_dump_json()),
    }
