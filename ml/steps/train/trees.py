"""scikit-learn's tree ensembles as plain arrays.

Reads scikit-learn's private structures for lack of public ones; the parity gate refuses the export when a new
version means something else by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """Arrays [nodes]; node 0 is the root. A value goes left when it is at most the threshold.

    `feature` is LEAF for leaves, whose answer is `value`. `missing_left`: where a missing value goes.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]


def boosted_trees(classifier: Any) -> Iterator[Tree]:
    """Of a fitted binary HistGradientBoostingClassifier without native categories; values are margins."""
    for (predictor,) in classifier._predictors:
        nodes = predictor.nodes
        if nodes["is_categorical"].any():
            raise ValueError("a split on native categories has no export: encode categories before")
        yield Tree(
            feature=np.where(nodes["is_leaf"], LEAF, nodes["feature_idx"]).astype(np.int64),
            threshold=nodes["num_threshold"].astype(np.float64),
            left=nodes["left"].astype(np.int64),
            right=nodes["right"].astype(np.int64),
            missing_left=nodes["missing_go_to_left"].astype(bool),
            value=nodes["value"].astype(np.float64),
        )


def boosted_baseline(classifier: Any) -> float:
    """The margin to which the boosted trees are added."""
    return float(np.ravel(classifier._baseline_prediction)[0])


def forest_trees(classifier: Any) -> Iterator[Tree]:
    """Of a fitted binary RandomForestClassifier; values are the leaves' shares of label 1."""
    for estimator in classifier.estimators_:
        counts = estimator.tree_.value[:, 0, :]
        yield _tree(estimator.tree_, estimator.tree_.feature, counts[:, 1] / counts.sum(axis=1))


def isolation_trees(detector: Any) -> Iterator[Tree]:
    """Of a fitted IsolationForest; values are path lengths, with the expected rest below each leaf."""
    for estimator, features in zip(detector.estimators_, detector.estimators_features_, strict=True):
        tree = estimator.tree_
        depth = np.zeros(tree.node_count)
        for node in range(tree.node_count):  # parents come before their children
            for child in (tree.children_left[node], tree.children_right[node]):
                if child != LEAF:
                    depth[child] = depth[node] + 1.0
        columns = np.asarray(features)[np.maximum(tree.feature, 0)]
        yield _tree(tree, columns, depth + average_path_length(tree.n_node_samples))


def isolation_scale(detector: Any) -> float:
    """A sum of path lengths over this is the exponent of the outlier score, 2 ** -(sum / scale)."""
    samples = np.array([detector.max_samples_])
    return len(detector.estimators_) * float(average_path_length(samples)[0])


def average_path_length(samples: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of an unsuccessful search in a binary search tree of that many samples (Liu, Ting, Zhou 2008)."""
    count = samples.astype(np.float64)
    rest = np.maximum(count - 1.0, 1.0)
    length = 2.0 * (np.log(rest) + np.euler_gamma) - 2.0 * rest / np.maximum(count, 1.0)
    return np.where(count <= 1, 0.0, np.where(count == 2, 1.0, length))


def rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 not above each threshold: for a float32 value, `<=` then decides the same."""
    nearest = thresholds.astype(np.float32)
    above = nearest.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _tree(tree: Any, columns: NDArray[np.int64], value: NDArray[np.float64]) -> Tree:
    leaf = tree.children_left == LEAF
    return Tree(
        feature=np.where(leaf, LEAF, columns).astype(np.int64),
        threshold=tree.threshold.astype(np.float64),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=tree.missing_go_to_left.astype(bool),
        value=np.asarray(value, dtype=np.float64),
    )
