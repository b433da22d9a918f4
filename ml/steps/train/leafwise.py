"""LightGBM's boosting as a classifier with a margin, alone or on top of an earlier model's.

It is trained with what the export can carry and no more: numbers split by `<=`, one value a leaf, the sum of
all trees. lightgbm is imported when the first model is fitted: who does not ask for it does without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin

from ml.steps.evaluate.metrics import Labels
from ml.steps.train.additive import Additive
from ml.steps.train.margins import Doubles, evaluate
from ml.steps.train.space import Values
from ml.steps.train.trees import LEAF, Tree

# By our names. One thread, and histograms by rows: the same rows then give the same trees.
NAMES = {
    "learning_rate": "learning_rate",
    "max_leaf_nodes": "num_leaves",
    "min_samples_leaf": "min_data_in_leaf",
    "l2_regularization": "lambda_l2",
    "max_features": "feature_fraction_bynode",
}
GREATEST = float(np.finfo(np.float32).max)
# LightGBM takes values up to this for 0, in a row as well: what is to go left lies below it.
ZERO = float(np.float32(1e-35))
BELOW_ZERO = float(np.nextafter(np.float32(-1e-35), np.float32(-np.inf)))
FIXED: dict[str, Any] = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "max_depth": 8,  # what explaining a row counts grows with it
    "verbosity": -1,
}


class LeafWise(ClassifierMixin, BaseEstimator):
    """Binary. `start`: an earlier model's margin, to which what is learned is added."""

    def __init__(self, values: Values, seed: int, start: Additive | None = None) -> None:
        self.values, self.seed, self.start = values, seed, start

    def fit(self, matrix: Doubles, labels: Labels) -> Self:
        """Fit on matrix [rows, features] and labels [rows], 0 or 1."""
        import lightgbm

        begins = None if self.start is None else evaluate(self.start, matrix)
        parameters = {**FIXED, "seed": self.seed} | {
            name: self.values[ours] for ours, name in NAMES.items() if ours in self.values
        }
        rows = lightgbm.Dataset(matrix, label=labels, init_score=begins, params={"verbosity": -1})
        self.booster_ = lightgbm.train(parameters, rows, num_boost_round=int(self.values["max_iter"]))
        self.classes_, self.n_features_in_ = np.array([0, 1]), matrix.shape[1]
        return self

    def decision_function(self, X: Doubles) -> Doubles:
        """The log odds of label 1, [rows]."""
        learned = np.asarray(self.booster_.predict(X, raw_score=True, num_threads=1), dtype=np.float64)
        return learned if self.start is None else learned + evaluate(self.start, X)

    def predict_proba(self, X: Doubles) -> Doubles:
        """The probabilities of labels 0 and 1, [rows, 2]."""
        positive = expit(self.decision_function(X))
        return np.stack([1.0 - positive, positive], axis=1)

    def predict(self, X: Doubles) -> Labels:
        """The likelier label of each row, [rows]."""
        return (self.decision_function(X) > 0.0).astype(np.int64)

    def trees(self) -> Iterator[Tree]:
        """What was learned, without the start. Raises ValueError for what the export cannot carry."""
        told = self.booster_.dump_model()
        if told.get("average_output"):
            raise ValueError("trees whose mean counts have no export here: only their sum has")
        for each in told["tree_info"]:
            yield _tree(each["tree_structure"])


def _tree(structure: dict[str, Any]) -> Tree:
    """LightGBM's nested nodes as arrays, parents before their children."""
    nodes: list[tuple[int, float, int, int, bool, float]] = []

    def add(node: dict[str, Any]) -> int:
        place = len(nodes)
        if "split_feature" not in node:
            if "leaf_const" in node:
                raise ValueError("a leaf with a line of its own has no export: train without linear_tree")
            nodes.append((LEAF, 0.0, LEAF, LEAF, False, float(node["leaf_value"])))
            return place
        nodes.append((LEAF, 0.0, LEAF, LEAF, False, 0.0))  # its children's places are not known yet
        left, right = add(node["left_child"]), add(node["right_child"])
        column, threshold = int(node["split_feature"]), _threshold(node)
        nodes[place] = (column, threshold, left, right, _missing_left(node, threshold), 0.0)
        return place

    add(structure)
    feature, threshold, left, right, missing_left, value = zip(*nodes, strict=True)
    return Tree(
        np.array(feature, np.int64),
        np.array(threshold, np.float64),
        np.array(left, np.int64),
        np.array(right, np.int64),
        np.array(missing_left, np.bool_),
        np.array(value, np.float64),
    )


def _threshold(node: dict[str, Any]) -> float:
    if node["decision_type"] != "<=":
        raise ValueError("a split on native categories has no export: encode categories before")
    threshold = float(node["threshold"])
    if -ZERO <= threshold < 0.0:
        return BELOW_ZERO
    # A split of missing values from all others has the greatest double, and rows are float32.
    return min(threshold, GREATEST)


def _missing_left(node: dict[str, Any], threshold: float) -> bool:
    """Where a missing value goes. In a column without any in training, LightGBM takes it for 0."""
    match node["missing_type"]:
        case "NaN":
            return bool(node["default_left"])
        case "None":
            return threshold >= 0.0
        case other:
            raise ValueError(f"missing values of the type {other} have no export: 0 would count as one")
