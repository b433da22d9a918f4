"""What a model was like on its test rows: what later days are held against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.quality.metrics import Costs, label_noise, ranking
from ml.quality.sums import LabelledSums
from scoring.model.artifact import Thresholds
from scoring.model.schema import Schema
from scoring.model.sketch import DriftReference
from scoring.model.typed_json import Node

PREFIX: Final = "test."  # of the artifact's metrics


@dataclass(frozen=True, slots=True)
class Baseline:
    """Quality on the test rows.

    roc_auc: measured; its standard deviation over rows is roc_auc_deviation. estimated_roc_auc: by the
    model's own probabilities; label_noise is the standard deviation of the difference of the two.
    label_share, expected_share: of label 1, counted and by the probabilities; level_noise is the standard
    deviation of their difference.
    """

    roc_auc: float
    roc_auc_deviation: float
    estimated_roc_auc: float
    label_noise: float
    label_share: float
    expected_share: float
    level_noise: float

    @staticmethod
    def of(probability: NDArray[np.float64], label: NDArray[Any]) -> Baseline | None:
        """probability, label (0 or 1): [rows] of the test part. None when a label has fewer than two rows."""
        sums = LabelledSums.of(probability, np.zeros(len(label), dtype=np.int8), label)
        return Baseline.of_sums(sums)

    @staticmethod
    def of_sums(sums: LabelledSums) -> Baseline | None:
        measured, expected = ranking(sums.measured()), ranking(sums.scores.estimated())
        if measured is None or expected is None:
            return None
        estimated = sums.scores.estimated()
        return Baseline(
            measured.value,
            measured.deviation,
            expected.value,
            label_noise(estimated),
            float(sums.positives.sum()) / sums.total,
            estimated.positives / sums.total,
            level_noise(sums),
        )

    def metrics(self) -> dict[str, float]:
        """The members beside roc_auc, as metrics of an artifact (without its prefix)."""
        return {name: getattr(self, name) for name in BESIDE}

    @staticmethod
    def from_metrics(metrics: Mapping[str, float]) -> Baseline | None:
        """What an artifact's metrics tell. None of a model that was registered before they told it."""
        names = [f"{PREFIX}{name}" for name in ("roc_auc", *BESIDE)]
        if any(name not in metrics for name in names):
            return None
        return Baseline(*(float(metrics[name]) for name in names))


BESIDE: Final = (
    "roc_auc_deviation",
    "estimated_roc_auc",
    "label_noise",
    "label_share",
    "expected_share",
    "level_noise",
)


def level_noise(sums: LabelledSums) -> float:
    """Standard deviation of the share of label 1 over labels drawn from the probabilities."""
    estimated = sums.scores.estimated()
    variance = float((sums.scores.rows * estimated.probability * (1.0 - estimated.probability)).sum())
    return variance**0.5 / max(1, sums.total)


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the monitor sees it. name: NAME:VERSION. outlier_share: of clean rows, as it was set."""

    name: str
    drift: DriftReference
    costs: Costs
    outlier_share: float
    baseline: Baseline | None

    @staticmethod
    def of_manifest(name: str, manifest: bytes) -> tuple[Model, Schema]:
        """A model and its contract from its artifact's manifest.json. Raises JsonShapeError or ValueError."""
        node = Node(json.loads(manifest))
        contract = Schema.from_json(node.field("schema"))
        thresholds = Thresholds.from_json(node.field("thresholds"))
        model = Model(
            name,
            DriftReference.from_json(node.field("drift"), contract),
            Costs(thresholds.false_negative_cost, thresholds.false_positive_cost),
            thresholds.outlier_share,
            Baseline.from_metrics(node.field("metrics").numbers()),
        )
        return model, contract
