"""The trained classifiers as one kind of function: a sum of trees, a linear part and a constant.

Reads scikit-learn's private structures for lack of public ones; the parity gate refuses the export when a new
version means something else by them. LightGBM's are read from its own dump.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.steps.train.space import BOOSTING, CONTINUED, FOREST, LEAFWISE, LINEAR
from ml.steps.train.trees import LEAF, Tree, boosted_baseline, boosted_trees, forest_trees


@dataclass(frozen=True, slots=True)
class Additive:
    """trees' values + slope @ x + intercept; a missing value enters the linear part as its `fill`.

    slope and fill are [features]. A slope of 0 leaves the column to the trees.
    """

    trees: tuple[Tree, ...]
    slope: NDArray[np.float64]
    fill: NDArray[np.float64]
    intercept: float

    def scaled(self, factor: float, offset: float) -> Additive:
        """factor * self + offset."""
        trees = tuple(replace(tree, value=tree.value * factor) for tree in self.trees)
        return Additive(trees, self.slope * factor, self.fill, self.intercept * factor + offset)


def _of_trees(trees: Any, width: int, intercept: float) -> Additive:
    return Additive(tuple(trees), np.zeros(width), np.zeros(width), intercept)


def boosted(classifier: Any) -> Additive:
    """The log odds of label 1 of a fitted binary HistGradientBoostingClassifier."""
    return _of_trees(boosted_trees(classifier), classifier.n_features_in_, boosted_baseline(classifier))


def forest(classifier: Any) -> Additive:
    """The share of label 1 of a fitted binary RandomForestClassifier: a number from 0 to 1, no log odds."""
    summed = _of_trees(forest_trees(classifier), classifier.n_features_in_, 0.0)
    return summed.scaled(1.0 / len(summed.trees), 0.0)


def linear(classifier: Any) -> Additive:
    """The log odds of a fitted pipeline "encode", "regression": categories one-hot, numbers standardised."""
    encode, regression = classifier.named_steps["encode"], classifier.named_steps["regression"]
    width = encode.n_features_in_
    weights = regression.coef_[0].astype(np.float64)
    slope, fill, intercept = np.zeros(width), np.zeros(width), float(regression.intercept_[0])
    trees: list[Tree] = []
    for name, transformer, columns in encode.transformers_:
        part = weights[encode.output_indices_[name]]
        if name == "categories":
            begin = 0
            for column, codes in zip(columns, transformer.categories_, strict=True):
                trees.append(_one_hot(column, codes, part[begin : begin + len(codes)]))
                begin += len(codes)
        elif name == "numbers":
            impute, scale = transformer.named_steps["impute"], transformer.named_steps["scale"]
            slope[columns], fill[columns] = part / scale.scale_, impute.statistics_
            intercept -= float((part * scale.mean_ / scale.scale_).sum())
    return Additive(tuple(trees) or (NOTHING,), slope, fill, intercept)


# One leaf that adds nothing: an ensemble of no tree is none that ONNX knows.
NOTHING = Tree(
    np.array([LEAF]), np.zeros(1), np.array([LEAF]), np.array([LEAF]), np.zeros(1, np.bool_), np.zeros(1)
)


def _one_hot(column: int, codes: NDArray[np.float64], weights: NDArray[np.float64]) -> Tree:
    """A chain of splits that finds each code itself; what lies between or beyond, or is missing, gets 0."""
    splits = [
        (float(np.nextafter(np.float32(code), np.float32(-np.inf))), float(code), float(weight))
        for code, weight in zip(codes, weights, strict=True)
    ]
    thresholds = [threshold for before, code, _ in splits for threshold in (before, code)]
    answers = [answer for _, _, weight in splits for answer in (0.0, weight)]
    size = 2 * len(thresholds) + 1  # split, its left leaf, split, its left leaf, ..., the last right leaf
    inner = np.arange(0, size - 1, 2)
    feature, threshold, value = np.full(size, LEAF), np.zeros(size), np.zeros(size)
    left, right = np.full(size, LEAF), np.full(size, LEAF)
    feature[inner], threshold[inner], value[inner + 1] = column, thresholds, answers
    left[inner], right[inner] = inner + 1, inner + 2
    missing_left = np.zeros(size, dtype=np.bool_)
    missing_left[0] = True
    return Tree(feature, threshold, left, right, missing_left, value)


def leafwise(classifier: Any) -> Additive:
    """The log odds of a fitted LeafWise: its trees, after those of the model that it starts from."""
    trees, start = tuple(classifier.trees()), classifier.start
    if start is None:
        return _of_trees(trees, classifier.n_features_in_, 0.0)
    return replace(start, trees=(*start.trees, *trees))


READERS = {
    BOOSTING: boosted,
    FOREST: forest,
    LINEAR: linear,
    LEAFWISE: leafwise,
    CONTINUED: leafwise,
}


def read(name: str, calibrated: Any) -> Additive:
    """The margin of a classifier under Platt scaling; the probability of label 1 is its sigmoid."""
    (inner,) = calibrated.calibrated_classifiers_
    (platt,) = inner.calibrators
    return READERS[name](inner.estimator.estimator).scaled(-float(platt.a_), -float(platt.b_))
