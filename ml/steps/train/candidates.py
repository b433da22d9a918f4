"""The models that compete, and how the one to export is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.steps.evaluate.metrics import DIRECTIONS, Labels, Probabilities, ranking
from scoring.schema import CategoryFeature, Matrix, Schema

SELECTION_METRIC = "log_loss"  # a proper score: it asks for good probabilities, not only a good order
Classifier = Any  # scikit-learn's classifiers share no typed base


@dataclass(frozen=True, slots=True)
class Parameters:
    seed: int
    learning_rate: float = 0.03
    max_leaf_nodes: int = 15


@dataclass(frozen=True, slots=True)
class Candidate:
    """`exportable`: there is an ONNX export that the parity gate can hold to account."""

    name: str
    build: Callable[[Parameters, Schema], Classifier]
    exportable: bool


@dataclass(frozen=True, slots=True)
class Contest:
    """The fitted candidates and their metrics on the validation rows.

    `best` may be a baseline that has no export; `selected` is the best of those that have one.
    """

    fitted: Mapping[str, Classifier]
    metrics: Mapping[str, Mapping[str, float]]
    best: str
    selected: str


def _gradient_boosting(parameters: Parameters, schema: Schema) -> Classifier:
    # Categories enter as ordinal codes: native categorical splits have no right export.
    build: Any = HistGradientBoostingClassifier  # its parameters' types are read from defaults, and wrong
    return build(
        learning_rate=parameters.learning_rate,
        max_leaf_nodes=parameters.max_leaf_nodes,
        max_iter=300,
        min_samples_leaf=60,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=20,
        random_state=parameters.seed,
    )


def _forest(parameters: Parameters, schema: Schema) -> Classifier:
    return RandomForestClassifier(
        n_estimators=60, min_samples_leaf=40, max_samples=0.5, random_state=parameters.seed
    )


def _linear(parameters: Parameters, schema: Schema) -> Classifier:
    categories = [i for i, feature in enumerate(schema.features) if isinstance(feature, CategoryFeature)]
    transformer: Any = ColumnTransformer
    encode = transformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), categories)], remainder=StandardScaler()
    )
    return make_pipeline(encode, LogisticRegression(max_iter=500))


CANDIDATES = (
    Candidate("hist_gradient_boosting", _gradient_boosting, exportable=True),
    Candidate("random_forest", _forest, exportable=True),
    Candidate("logistic_regression", _linear, exportable=False),
)


def probabilities(classifier: Classifier, matrix: Matrix) -> Probabilities:
    """Of label 1, [rows]."""
    return np.asarray(classifier.predict_proba(matrix)[:, 1], dtype=np.float64)


def compete(
    parameters: Parameters,
    schema: Schema,
    fit: tuple[Matrix, Labels],
    validation: tuple[Matrix, Labels],
    candidates: tuple[Candidate, ...] = CANDIDATES,
) -> Contest:
    """Fit every candidate on the `fit` rows and rank them on the validation rows."""
    fitted: dict[str, Classifier] = {}
    metrics: dict[str, dict[str, float]] = {}
    for candidate in candidates:
        classifier = candidate.build(parameters, schema).fit(*fit)
        fitted[candidate.name] = classifier
        metrics[candidate.name] = ranking(validation[1], probabilities(classifier, validation[0]))
    exportable = [candidate.name for candidate in candidates if candidate.exportable]
    return Contest(fitted, metrics, best=_best(metrics, list(fitted)), selected=_best(metrics, exportable))


def _best(metrics: Mapping[str, Mapping[str, float]], names: list[str]) -> str:
    sign = 1.0 if DIRECTIONS[SELECTION_METRIC] == "lower" else -1.0
    return min(names, key=lambda name: sign * metrics[name][SELECTION_METRIC])


def outlier_detector(parameters: Parameters, matrix: Matrix) -> Any:
    """A fitted IsolationForest."""
    build: Any = IsolationForest
    return build(n_estimators=100, max_samples=256, random_state=parameters.seed).fit(matrix)
