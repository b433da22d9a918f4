"""A model in its made-up world, its manifest, and days of its answers as the lake keeps them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml.lake import answers, tables
from ml.lake.arrow import ArrowSchema, ArrowTable
from ml.quality import store
from ml.quality.daily import Sources
from ml.quality.labels import table
from ml.quality.place import contracts
from ml.quality.year.world import COSTS, OUTLIER_SHARE, Event, World, labels_of, made, rows_of, schema, seen
from scoring.model.artifact import Thresholds

MODEL = "simulated:1"


def manifest(world: World) -> bytes:
    """The parts of an artifact's manifest.json that the monitor reads."""
    baseline = world.model.baseline
    assert baseline is not None
    thresholds = Thresholds(world.decision, 0.5, OUTLIER_SHARE, COSTS.false_negative, COSTS.false_positive)
    told = {"roc_auc": baseline.roc_auc, **baseline.metrics()}
    return json.dumps(
        {
            "schema": schema().to_json(),
            "thresholds": thresholds.to_json(),
            "drift": world.model.drift.to_json(),
            "metrics": {f"test.{name}": value for name, value in told.items()},
        }
    ).encode()


@dataclass
class LocalLake:
    """Tables and files in a folder, and a world whose answers are kept there."""

    root: Path
    world: World

    def keep(
        self, date: dt.date, rows: int, events: tuple[Event, ...] = (), model: str = MODEL, seed: int = 0
    ) -> ArrowTable:
        """Append a day's answers, and return them with the labels that are so (a column `truth`)."""
        random = np.random.default_rng([seed, date.toordinal()])
        values = rows_of(random, rows, 0.0, events)
        matrix = seen(values, 0, events)
        probability = self.world.probability(matrix)
        scored = dt.datetime.combine(date, dt.time(9), dt.UTC)
        columns: dict[str, Any] = {
            **schema().columns(matrix),
            "request_id": [f"{model}-{date}-{seed}-{number}" for number in range(rows)],
            "row": [0] * rows,
            "key": [None] * rows,
            "scored_at": [scored] * rows,
            "date": [date] * rows,
            "probability": probability,
            "label": (probability >= self.world.decision).astype(np.int8),
            "outlier_score": [0.1] * rows,
            "outlier": [number == 0 for number in range(rows)],
            "model": [model] * rows,
            "release": [None] * rows,
            "replica": ["r"] * rows,
            "batch": [None] * rows,
        }
        kept = pa.table({name: columns[name] for name in self.columns.names}, schema=self.columns)
        made_ = tables.make_table(
            self.root / "answers", self.columns, partition=[answers.PARTITION], indexed=answers.INDEXED
        )
        tables.append(made_, kept)
        truth = labels_of(random, values, 0, events)
        return kept.append_column("truth", pa.array(truth))

    @property
    def columns(self) -> ArrowSchema:
        return answers.schema(schema())

    def labels(self) -> Any:
        return tables.make_table(
            self.root / "labels", table.schema(), partition=[table.PARTITION], indexed=table.INDEXED
        )

    def sources(self) -> Sources:
        files = store.Folder(self.root / "files")
        if store.read_manifest(files, MODEL) is None:
            store.write_manifest(files, MODEL, manifest(self.world))
        kept, labels = (tables.open_table(self.root / name) for name in ("answers", "labels"))
        return Sources(
            kept.to_pyarrow_dataset() if kept else None,
            labels.to_pyarrow_dataset() if labels else None,
            files,
            contracts(files, {}, None),
        )


@pytest.fixture(scope="session")
def world() -> World:
    return made(11)


@pytest.fixture
def lake(tmp_path: Path, world: World) -> LocalLake:
    return LocalLake(tmp_path, world)
