"""Measures the outlier flag on clean rows and on rows with made-up values, beside scikit-learn's detector."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from ml.steps.card.subject import Subject
from ml.steps.contract import ID
from ml.steps.train.limits import limits
from ml.steps.train.parts import parts
from scoring.model.schema import Matrix

INJECTED_ROWS = 1_000
CHANGED = (2, 4, 8)  # how many values of a row are replaced by any that the contract allows
OTHER_SEEDS = (0, 1)


def measure(subject: Subject) -> dict[str, Any]:
    """The share of clean rows that are flagged, and how well rows with made-up values are told from them.

    In the result `auc` is the model's own, `scikit_learn_auc` that of scikit-learn's detector with the same
    seed on the same rows, and `other_seeds` those of detectors with other seeds: they show what is chance.
    """
    share, threshold = subject.artifact.thresholds.outlier_share, subject.artifact.thresholds.outlier
    own, *others = (
        _detector(subject, seed) for seed in (int(subject.artifact.lineage["seed"]), *OTHER_SEEDS)
    )
    clean = subject.composite.run(subject.matrix)[1]
    some = subject.sample(INJECTED_ROWS)
    injections: list[dict[str, Any]] = []
    for changed in changes(subject.artifact.schema.width):
        rows = injected(subject, changed)
        scores = subject.composite.run(rows)[1]
        injections.append(
            {
                "values_changed": changed,
                "flagged": float((scores > threshold).mean()),
                "auc": _auc(subject.composite.run(some)[1], scores),
                "scikit_learn_auc": _auc_of(own, some, rows),
                "other_seeds": [_auc_of(other, some, rows) for other in others],
            }
        )
    flagged = float((clean > threshold).mean())
    return {
        "stated_share": share,
        "share": flagged,
        "share_deviation": abs(flagged - share),
        "threshold": threshold,
        "injections": injections,
    }


def changes(width: int) -> list[int]:
    """CHANGED for rows of so many values: never more than there are."""
    return sorted({min(changed, width) for changed in CHANGED})


def _detector(subject: Subject, seed: int) -> Any:
    """scikit-learn's detector with its defaults, fitted on the same rows as the model's."""
    build: Any = IsolationForest
    fitted = parts(subject.train[ID].tolist()) != "calibration"
    return build(random_state=seed).fit(subject.train_matrix[fitted])


def _auc_of(detector: Any, clean: Matrix, strange: Matrix) -> float:
    return _auc(-detector.score_samples(clean), -detector.score_samples(strange))


def injected(subject: Subject, changed: int) -> Matrix:
    """Test rows, in each of which `changed` values are random ones within the contract's limits."""
    random = subject.random
    rows = subject.matrix[random.integers(0, len(subject.matrix), INJECTED_ROWS)].copy()
    low, high = limits(subject.artifact.schema)
    for row in rows:
        columns = random.choice(row.size, changed, replace=False)
        row[columns] = random.uniform(low[columns], high[columns])
    return rows


def _auc(clean: Any, strange: Any) -> float:
    labels = np.repeat([0, 1], [len(clean), len(strange)])
    return float(roc_auc_score(labels, np.concatenate([clean, strange])))
