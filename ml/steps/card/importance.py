"""Measures how much each feature matters: what is lost without it, and how far it moves the margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.steps.card.subject import Subject
from ml.steps.evaluate.metrics import Labels, Probabilities

REPEATS, PERMUTED_ROWS, EXPLAINED_ROWS = 3, 2_000, 500


def measure(subject: Subject) -> dict[str, Any]:
    """The features by their mean absolute SHAP value, the greatest first."""
    losses = permutation(subject)
    magnitude = np.abs(subject.explainer.explain(subject.sample(EXPLAINED_ROWS))).mean(axis=0)
    names = subject.artifact.schema.names
    order = np.argsort(-magnitude, kind="stable").tolist()
    return {
        "base": subject.explainer.base,
        "background_rows": subject.artifact.explanation().background_rows,
        "repeats": REPEATS,
        "features": [
            {"feature": names[column], "mean_abs_shap": float(magnitude[column]), **losses[names[column]]}
            for column in order
        ],
    }


def permutation(subject: Subject) -> dict[str, dict[str, float]]:
    """By how much AUC and log loss get worse when the values of one column are shuffled among the rows."""
    random = subject.random
    rows = random.permutation(len(subject.matrix))[:PERMUTED_ROWS]
    matrix, labels = subject.matrix[rows], subject.labels[rows]

    def scores() -> tuple[float, float]:
        found = np.clip(subject.composite.run(matrix)[0].astype(np.float64), 1e-15, 1 - 1e-15)
        return area(labels, found), -float(np.log(np.where(labels == 1, found, 1 - found)).mean())

    whole = scores()
    losses: dict[str, dict[str, float]] = {}
    for column, name in enumerate(subject.artifact.schema.names):
        kept = matrix[:, column].copy()
        lost: list[tuple[float, float]] = []
        for _ in range(REPEATS):
            matrix[:, column] = random.permutation(kept)
            now = scores()
            lost.append((whole[0] - now[0], now[1] - whole[1]))
        matrix[:, column] = kept
        of_area, of_loss = np.mean(lost, axis=0)
        losses[name] = {
            "auc_lost": float(of_area),
            "auc_lost_deviation": float(np.std([each[0] for each in lost])),
            "log_loss_gained": float(of_loss),
        }
    return losses


def area(labels: Labels, probabilities: Probabilities) -> float:
    """The area under the ROC curve, from ranks; equal probabilities share the mean of theirs.

    scikit-learn's function takes longer, for its checks, and scipy's ranks a second to import.
    """
    _, place, count = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    positives = int(labels.sum())
    least = positives * (positives + 1) / 2
    return float((ranks[labels == 1].sum() - least) / (positives * (len(labels) - positives)))
