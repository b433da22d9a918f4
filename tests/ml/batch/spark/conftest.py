"""A model's folder, and what stands for a Spark session where no executor is needed."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from ml.batch.evaluate import Composite
from ml.batch.spark.engine import Model


@pytest.fixture(scope="session")
def model(composite: Composite, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The files of the model that `composite` is."""
    folder = tmp_path_factory.mktemp("model-files")
    composite.artifact.save(folder)
    return Model(folder, composite.name, composite.release, composite.artifact.digest)


@dataclass
class Frame:
    """What `range` of a session gives: numbers, a batch for each task."""

    tasks: list[list[int]]

    def mapInArrow(self, function: Any, schema: str) -> Rows:
        names = [field.split()[0] for field in schema.split(", ")]
        return Rows(pickle.dumps(function), names, self.tasks)


@dataclass
class Rows:
    function: bytes  # as Spark sends it to an executor
    names: list[str]
    tasks: list[list[int]]

    def collect(self) -> list[dict[str, Any]]:
        return [row for task in reversed(self.tasks) for row in self._rows(task)]  # tasks end in any order

    def _rows(self, task: list[int]) -> Iterator[dict[str, Any]]:
        function = pickle.loads(self.function)  # noqa: S301
        for batch in function(iter([pa.RecordBatch.from_arrays([pa.array(task)], names=["id"])])):
            assert batch.schema.names == self.names
            yield from batch.to_pylist()


@dataclass
class OneProcess:
    """A session whose tasks run here, one after another, in the reverse order."""

    slots: int

    @property
    def sparkContext(self) -> SimpleNamespace:
        return SimpleNamespace(defaultParallelism=self.slots)

    def range(self, start: int, end: int, step: int, tasks: int) -> Frame:
        assert (step, tasks) == (1, end - start)
        return Frame([[number] for number in range(start, end)])
