"""Measures how the decisions differ among groups of people."""

from __future__ import annotations

from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score

from ml.steps.about import ATTRIBUTES
from ml.steps.attribute import Attribute
from ml.steps.card.groups import LEAST_OF_EACH_LABEL, groups
from ml.steps.card.subject import RESAMPLES, Subject

METRICS: dict[str, Any] = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "accuracy": accuracy_score,
}
# The greater of the differences of these two rates is the equalised odds difference.
ODDS = ("true_positive_rate", "false_positive_rate")


def measure(subject: Subject) -> dict[str, Any]:
    """For each attribute the rates of each group, and the greatest differences among large enough groups."""
    return {
        name: _of_attribute(subject, np.array(groups(subject.test, each)), each)
        for name, each in ATTRIBUTES.items()
    }


def deviation(subject: Subject, group: NDArray[np.str_], counted: list[str]) -> float:
    """The standard deviation of the equalised odds difference over resamples of the test rows."""
    members = [(group == name).astype(np.float64) for name in counted]
    drawn: list[float] = []
    for rows in subject.resamples(RESAMPLES):
        weights = np.bincount(rows, minlength=group.size)
        rates = [_rates(subject, weights * member) for member in members]
        drawn.append(float((np.max(rates, axis=0) - np.min(rates, axis=0)).max()))
    return float(np.std(drawn))


def _rates(subject: Subject, weights: NDArray[np.float64]) -> tuple[float, float]:
    """The true and the false positive rate when each row counts by its weight [rows]."""
    positive = subject.labels == 1
    return (
        float(weights[positive] @ subject.predicted[positive] / weights[positive].sum()),
        float(weights[~positive] @ subject.predicted[~positive] / weights[~positive].sum()),
    )


def _shown(rates: Any, positives: int, rows: int) -> dict[str, float | None]:
    """The rates of a group. A rate is None when the group has no rows of the label that it is about."""
    found: dict[str, float | None] = {metric: float(rates[metric]) for metric in METRICS}
    if positives == 0:
        found["true_positive_rate"] = None
    if positives == rows:
        found["false_positive_rate"] = None
    return found


def _of_attribute(subject: Subject, group: NDArray[np.str_], attribute: Attribute) -> dict[str, Any]:
    labels, present = subject.labels, set(group.tolist())
    names = [name for name in attribute.names if name in present]
    rows = {name: int((group == name).sum()) for name in names}
    positives = {name: int(labels[group == name].sum()) for name in names}
    counted = [
        name for name in names if min(positives[name], rows[name] - positives[name]) >= LEAST_OF_EACH_LABEL
    ]
    frame: Any = MetricFrame(
        metrics=METRICS, y_true=labels, y_pred=subject.predicted, sensitive_features=group
    )
    found = [
        {
            "group": name,
            "rows": rows[name],
            "positives": positives[name],
            "positive_rate": positives[name] / rows[name],
            "mean_probability": float(subject.probabilities[group == name].mean()),
            **_shown(frame.by_group.loc[name], positives[name], rows[name]),
            "counted": name in counted,
        }
        for name in names
    ]
    if len(counted) < 2:
        return {"groups": found}
    compared = frame.by_group.loc[counted]
    differences = compared.max() - compared.min()
    return {
        "groups": found,
        "demographic_parity_difference": float(differences["selection_rate"]),
        "equalised_odds_difference": float(max(differences[rate] for rate in ODDS)),
        "equalised_odds_deviation": deviation(subject, group, counted),
    }
