"""The gate of the export: the graph must answer as the trained models do, also far from all data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ml.steps.at_once import at_once
from ml.steps.errors import StepError
from ml.steps.train.candidates import probabilities
from ml.steps.train.limits import limits
from ml.steps.train.trees import LEAF, Tree
from scoring.model.composite import Composite
from scoring.model.explain import Explainer
from scoring.model.schema import CategoryFeature, Matrix, Schema

TOLERANCE = 1e-5
OUTPUTS = ("probability", "outlier_score", "explanation")
EXPLAINED_ROWS = 400


def all_differences(
    graph: Composite, classifier: Any, detector: Any, explainer: Explainer, held: Mapping[str, Matrix]
) -> dict[str, dict[str, float]]:
    """`largest_differences` over the rows of each place, whose explanations are computed at once: numpy alone
    does it, which a copy of this process may go on with."""
    margins = at_once({where: partial(explainer.margins, rows[_some(rows)]) for where, rows in held.items()})
    return {
        where: largest_differences(graph, classifier, detector, margins[where], rows)
        for where, rows in held.items()
    }


def _some(rows: Matrix) -> NDArray[np.int64]:
    """Places of the rows that are explained."""
    return np.linspace(0, len(rows) - 1, min(len(rows), EXPLAINED_ROWS)).astype(np.int64)


def largest_differences(
    graph: Composite, classifier: Any, detector: Any, margins: NDArray[np.float64], rows: Matrix
) -> dict[str, float]:
    """The greatest absolute difference of each output over the rows; of explanations over some of them.

    margins: as the explainer has them of these. The sum of a row's explanation, as a probability, is compared
    with the served probability.
    """
    probability, outlier_score = graph.run(rows)
    some, explained = _some(rows), expit(margins)
    return {
        "probability": float(np.abs(probability - probabilities(classifier, rows)).max()),
        "outlier_score": float(np.abs(outlier_score + detector.score_samples(rows)).max()),
        "explanation": float(np.abs(explained - probability[some]).max()),
    }


def hold(differences: dict[str, float], where: str) -> None:
    """Raises StepError when a difference is beyond the tolerance."""
    for output, difference in differences.items():
        if not difference <= TOLERANCE:  # true for NaN, too
            raise StepError(
                f"export refused: {output} differs by {difference:.2e} from the trained model's on {where}, "
                f"at most {TOLERANCE:.0e} is allowed"
            )


def adversarial_rows(schema: Schema, rows: Matrix, trees: list[Tree], seed: int) -> Matrix:
    """Rows where an export is most likely to be wrong.

    The contract's limits, random rows between them, values exactly on splits and just above, missing values,
    and categories that were never seen.
    """
    random = np.random.default_rng(seed)
    low, high = limits(schema)
    corners = np.stack([low, high])
    single = np.repeat(rows[:1], 2 * schema.width, axis=0)
    for column in range(schema.width):
        single[2 * column : 2 * column + 2, column] = (low[column], high[column])
    between = random.uniform(low, high, size=(1_000, schema.width)).astype(np.float32)
    unseen = _sampled(rows, 200, random)
    for column, feature in enumerate(schema.features):
        if isinstance(feature, CategoryFeature):
            unseen[:, column] = random.choice([-1.0, len(feature.categories)], size=len(unseen))
    missing = _sampled(rows, 500, random)
    missing[random.random(missing.shape) < 0.3] = np.nan
    nothing = np.full((1, schema.width), np.nan, dtype=np.float32)
    parts = [corners, single, between, unseen, missing, nothing, _on_splits(rows, trees, random)]
    return np.concatenate(parts).astype(np.float32)


def _sampled(rows: Matrix, count: int, random: np.random.Generator) -> Matrix:
    return rows[random.integers(0, len(rows), count)].copy()


def _on_splits(rows: Matrix, trees: list[Tree], random: np.random.Generator) -> Matrix:
    features = np.concatenate([tree.feature[tree.feature != LEAF] for tree in trees])
    thresholds = np.concatenate([tree.threshold[tree.feature != LEAF] for tree in trees])
    if not features.size:  # where no column varies, nothing is split
        return rows[:0]
    chosen = random.integers(0, features.size, 2_000)
    found = _sampled(rows, chosen.size, random)
    values = thresholds[chosen].astype(np.float32)
    greatest = np.finfo(np.float32).max  # a split of missing values from all others lies there
    values[::2] = np.nextafter(values[::2], greatest)
    found[np.arange(chosen.size), features[chosen]] = values
    return found
