"""Rows and labels of a made-up population, and a model that was fitted on a sample of it.

The label depends on the features by a logistic relation, and the model is a logistic regression that is
fitted on drawn rows and scaled on others (Platt), so its probabilities are calibrated as well as such a fit
is, not perfectly. Numbers are standard normal, so that a shift is said in standard deviations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ml.quality.metrics import Costs
from ml.quality.reference import Baseline, Model
from scoring.model.schema import CategoryFeature, Feature, Matrix, NumberFeature, Schema
from scoring.model.sketch import DriftReference

NUMBERS: Final = 9
WEIGHTS: Final = (0.8, -0.6, 0.5, 0.3, -0.3, 0.2, 0.0, 0.0, 0.0)
BY_CATEGORY: Final = (0.0, 0.3, -0.4)
CATEGORIES: Final = ("home", "rent", "other")
CATEGORY_SHARES: Final = (0.5, 0.3, 0.2)
INTERCEPT: Final = -1.55  # about a fifth of the rows have label 1, as in the example data set
FIT, CALIBRATE, TEST = 19_000, 5_000, 6_000  # rows, as the example data set is split
COSTS: Final = Costs(5.0, 1.0)
OUTLIER_SHARE: Final = 0.01
YEAR: Final = 365.0

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Kind = Literal["covariate", "narrow", "concept", "constant", "unit", "season"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to the rows from day `start` on (and before `end`).

    covariate: feature moves by `size` standard deviations. narrow: it varies by `size` of them. concept:
    weights of the relation fade by the share `size` and the lost part goes to a feature that had none, so
    that labels are as frequent as before. constant: feature is 0. unit: feature is multiplied by `size`.
    season: feature swings by `size` standard deviations over the year, in training too.
    """

    kind: Kind
    start: int = 0
    end: int = 10**9
    feature: int = 0
    size: float = 0.0

    def on(self, day: int) -> bool:
        return self.kind == "season" or self.start <= day < self.end


def schema() -> Schema:
    numbers: list[Feature] = [
        NumberFeature(f"x{number}", "standard normal", -1e6, 1e6, integer=False) for number in range(NUMBERS)
    ]
    return Schema((*numbers, CategoryFeature("housing", "where the customer lives", CATEGORIES)))


def sigmoid(odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-odds))


def rows_of(random: np.random.Generator, rows: int, day: float, events: tuple[Event, ...]) -> Floats:
    """True values [rows, features] of a day; the last column is the category's number."""
    values = random.standard_normal((rows, NUMBERS + 1))
    values[:, NUMBERS] = random.choice(len(CATEGORIES), rows, p=CATEGORY_SHARES)
    for event in events:
        if event.kind == "season":
            values[:, event.feature] += event.size * math.sin(2.0 * math.pi * day / YEAR)
        elif event.kind == "covariate" and event.on(int(day)):
            values[:, event.feature] += event.size
        elif event.kind == "narrow" and event.on(int(day)):
            values[:, event.feature] *= event.size
    return values


def seen(values: Floats, day: int, events: tuple[Event, ...]) -> Matrix:
    """What the service is sent: the true values, unless upstream broke a column."""
    sent = values.copy()
    for event in events:
        if event.on(day) and event.kind == "constant":
            sent[:, event.feature] = 0.0
        elif event.on(day) and event.kind == "unit":
            sent[:, event.feature] *= event.size
    return sent.astype(np.float32)


def odds_of(values: Floats, day: int, events: tuple[Event, ...]) -> Floats:
    """Log odds of label 1."""
    weights = np.array(WEIGHTS)
    for event in events:
        if event.kind == "concept" and event.on(day):
            lost = math.sqrt(float(weights @ weights) * (1.0 - (1.0 - event.size) ** 2))
            weights = weights * (1.0 - event.size)
            weights[-1] = lost
    return INTERCEPT + values[:, :NUMBERS] @ weights + np.array(BY_CATEGORY)[values[:, NUMBERS].astype(int)]


def labels_of(random: np.random.Generator, values: Floats, day: int, events: tuple[Event, ...]) -> Labels:
    return (random.random(len(values)) < sigmoid(odds_of(values, day, events))).astype(np.int8)


@dataclass(frozen=True, slots=True)
class World:
    """A fitted model in its world. coefficients: of the design matrix, intercept first."""

    model: Model
    coefficients: Floats
    decision: float

    def probability(self, matrix: Matrix) -> Floats:
        return sigmoid(_design(matrix) @ self.coefficients)


def made(seed: int, events: tuple[Event, ...] = ()) -> World:
    """Draw training rows over a year that has the seasons among `events`, fit, scale, and judge the model."""
    random = np.random.default_rng([seed, 0])
    seasons = tuple(event for event in events if event.kind == "season")

    def drawn(rows: int) -> tuple[Matrix, Labels]:
        days = np.sort(random.integers(0, int(YEAR), rows))
        values = rows_of(random, rows, 0.0, ())
        for event in seasons:
            values[:, event.feature] += event.size * np.sin(2.0 * math.pi * days / YEAR)
        return values.astype(np.float32), labels_of(random, values, 0, ())

    matrix, label = drawn(FIT)
    fitted = _fitted(_design(matrix), label)
    others, other_labels = drawn(CALIBRATE)
    odds = _design(others) @ fitted
    scale = _fitted(np.column_stack([np.ones(len(odds)), odds]), other_labels)
    coefficients = scale[1] * fitted
    coefficients[0] += scale[0]
    test, test_labels = drawn(TEST)
    probability = sigmoid(_design(test) @ coefficients)
    drift = DriftReference.learn(np.concatenate([matrix, others]), schema())
    baseline = Baseline.of(probability, test_labels)
    decision = COSTS.false_positive / (COSTS.false_positive + COSTS.false_negative)
    return World(Model("simulated:1", drift, COSTS, OUTLIER_SHARE, baseline), coefficients, decision)


def _design(matrix: NDArray[Any]) -> Floats:
    """[rows, 1 + numbers + categories - 1]"""
    values = matrix.astype(np.float64)
    categories = [values[:, NUMBERS] == number for number in range(1, len(CATEGORIES))]
    return np.column_stack([np.ones(len(values)), values[:, :NUMBERS], *categories])


def _fitted(design: Floats, label: Labels, steps: int = 8) -> Floats:
    """Logistic regression by Newton's method."""
    found = np.zeros(design.shape[1])
    for _ in range(steps):
        probability = sigmoid(design @ found)
        weight = probability * (1.0 - probability)
        found = found + np.linalg.solve(
            (design * weight[:, None]).T @ design, design.T @ (label - probability)
        )
    return found
