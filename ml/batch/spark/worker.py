"""What runs in an executor: units of a run, scored into files by the code of every other engine.

Spark calls `score` by mapInArrow, so this process is one of Python's beside an executor's; Spark keeps it for
the tasks that follow, and it loads the model once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from ml.batch.evaluate import Composite, load
from ml.batch.places import Place
from ml.batch.source import Source
from ml.batch.spark.order import Order
from ml.batch.unit import RUNS, Scoring
from ml.errors import MlopsError
from ml.lake.arrow import ArrowBatch
from scoring.model.artifact import ArtifactError

# A unit's number and what became of it, or the two sentences of the error that ends the run. A damaged file
# or a contract break is an answer and no exception: Spark would try the task again, to no other end.
ANSWER: Final = "number long, done string, problem string, remedy string"
_loaded: dict[tuple[str, int], Composite] = {}


def score(order: Order, numbers: Iterable[ArrowBatch]) -> Iterator[ArrowBatch]:
    """numbers: places in `order.units`, in their first column. Gives a row of ANSWER for each.

    What may go another way when it is tried again, such as a lost connection, is raised.
    """
    for batch in numbers:
        for place in batch.column(0).to_pylist():
            try:
                answer = _scored(order, place), None, None
            except MlopsError as error:
                answer = None, error.problem, error.remedy
            yield _row(order.units[place].number, *answer)


def model_folder(run: str) -> str:
    """Where the model of a run stands in its output."""
    return f"{RUNS}/{run}/model"


def _scored(order: Order, place: int) -> str:
    output = Place(order.output, order.token)
    composite = _composite(order, output)
    if composite.evaluated_by != order.evaluated_by:
        reason = composite.evaluator.reason
        raise MlopsError(
            f"The run {order.run} is evaluated by {order.evaluated_by}, and on an executor "
            f"{composite.evaluated_by} would evaluate it{f' ({reason})' if reason else ''}: "
            "their answers differ in the last digits.",
            "Nothing was published. Give the driver and all executors the same packages and the same "
            "kind of processor.",
        )
    import pyarrow as pa

    source = Source(Place(order.source, order.token), order.format, order.units, "", order.columns, ())
    key_type: Any = None if order.key_type is None else pa.type_for_alias(order.key_type)
    scoring = Scoring(composite, source, output, order.run, order.key, key_type, order.block_rows)
    unit = order.units[place]
    # A task that was lost with its executor may have ended its unit before.
    done = scoring.done(unit) or scoring.score(unit, lambda _read, _rejected: None)
    return done.to_json().decode()


def _composite(order: Order, output: Place) -> Composite:
    """The run's model, held against the digest that the driver names."""
    wanted = order.digest, order.block_rows
    if wanted not in _loaded:
        folder = model_folder(order.run)
        with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
            for name in output.names(folder):
                file = Path(scratch) / Path(name).relative_to(folder)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(output.read(name))
            try:
                found = load(Path(scratch), order.model, order.release, order.block_rows)
            except ArtifactError as error:
                raise MlopsError(
                    f"The model in {order.output}/{folder} cannot be used on an executor: {error}",
                    f"Nothing was published. Remove {order.output}/{RUNS}/{order.run} and run it again.",
                ) from error
        if found.artifact.digest != order.digest:
            raise MlopsError(
                f"The model in {order.output}/{folder} is {found.artifact.digest}, and the run is of "
                f"{order.digest}.",
                "Nothing was published. Somebody has changed the run's folder: remove it and run it again.",
            )
        _loaded.clear()  # a process serves one run after another, and one model at a time is enough
        _loaded[wanted] = found
    return _loaded[wanted]


def _row(number: int, done: str | None, problem: str | None, remedy: str | None) -> ArrowBatch:
    import pyarrow as pa

    kinds = {"number": pa.int64(), "done": pa.string(), "problem": pa.string(), "remedy": pa.string()}
    values = (number, done, problem, remedy)
    columns = [pa.array([value], kind) for value, kind in zip(values, kinds.values(), strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=list(kinds))
