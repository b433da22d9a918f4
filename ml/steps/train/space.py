"""Where the search for gradient boosting's values begins, and how far it may go.

The step's own search and a sweep over the step use it, so it imports nothing that only the step has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Values = Mapping[str, float]  # whole numbers as int
BOOSTING: Final = "hist_gradient_boosting"
FOREST: Final = "random_forest"
LINEAR: Final = "logistic_regression"
LEAFWISE: Final = "lightgbm"
CONTINUED: Final = "continued_boosting"  # competes where a model is named that it starts from
OFFERED: Final = (BOOSTING, FOREST, LINEAR, LEAFWISE)
USUAL: Final = (BOOSTING, FOREST, LINEAR)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One hyper-parameter's range, both ends included; `log` searches it by orders of magnitude."""

    name: str
    low: float
    high: float
    log: bool = False
    integer: bool = False


def number_of(dimension: Dimension, value: float) -> float:
    """A value of the dimension; a whole one as int."""
    return int(value) if dimension.integer else float(value)


# Boosting without these limits was not better by more than the noise of the selection rows, and cost time in
# each request; limits of depth also bound what has to be counted to explain a row.
START: Final[Values] = {
    "learning_rate": 0.06,
    "max_iter": 100,
    "max_depth": 5,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "max_features": 0.5,
}
SPACE: Final = (
    Dimension("learning_rate", 0.02, 0.2, log=True),
    Dimension("max_iter", 40, 150, integer=True),
    Dimension("max_depth", 3, 6, integer=True),
    Dimension("max_leaf_nodes", 6, 24, integer=True),
    Dimension("min_samples_leaf", 20, 200, log=True, integer=True),
    Dimension("l2_regularization", 0.1, 50.0, log=True),
    Dimension("max_features", 0.2, 1.0),
)
# LightGBM's, in the words of the ranges above: both grow trees of the same kind.
LEAFWISE_START: Final[Values] = {
    "learning_rate": 0.06,
    "max_iter": 100,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "max_features": 0.5,
}
# What is added to an earlier model is less than a whole one: the earlier trees stay.
CONTINUED_START: Final[Values] = {**LEAFWISE_START, "learning_rate": 0.03, "max_iter": 30}
CONTINUED_SPACE: Final = (
    Dimension("learning_rate", 0.005, 0.1, log=True),
    Dimension("max_iter", 5, 60, integer=True),
    *(each for each in SPACE if each.name not in ("learning_rate", "max_iter", "max_depth")),
)
LEAFWISE_SPACE: Final = tuple(each for each in SPACE if each.name != "max_depth")
# What the step takes, wider than what is searched: the limits of its component's inputs.
ALLOWED: Final[Mapping[str, tuple[float, float]]] = {
    "learning_rate": (0.001, 1.0),
    "max_iter": (1, 1000),
    "max_depth": (1, 16),
    "max_leaf_nodes": (2, 255),
    "min_samples_leaf": (1, 10_000),
    "l2_regularization": (0.0, 1000.0),
    "max_features": (0.01, 1.0),
}
