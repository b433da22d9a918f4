"""Classifier and outlier detector as one ONNX graph of two tree ensembles over the same matrix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ml.steps.train.trees import (
    LEAF,
    Tree,
    boosted_baseline,
    boosted_trees,
    forest_trees,
    isolation_scale,
    isolation_trees,
)
from scoring.composite import INPUT, OUTLIER_SCORE, PROBABILITY

OPSET, ML_OPSET, IR_VERSION = 17, 3, 9


def composite(name: str, classifier: Any, detector: Any, width: int) -> bytes:
    """The serialised graph: X float32 [n, width] -> probability [n, 1] and outlier_score [n, 1].

    Raises KeyError when there is no export for a classifier of that name.
    """
    nodes, constants = EXPORTS[name](classifier)
    nodes.append(tree_node(isolation_trees(detector), "path_length"))
    nodes.append(helper.make_node("Mul", ["path_length", "path_scale"], ["exponent"]))
    nodes.append(helper.make_node("Pow", ["two", "exponent"], [OUTLIER_SCORE]))
    constants |= {"path_scale": -1.0 / isolation_scale(detector), "two": 2.0}
    graph = helper.make_graph(
        nodes,
        "composite",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, width])],
        [
            helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, 1])
            for output in (PROBABILITY, OUTLIER_SCORE)
        ],
        [
            numpy_helper.from_array(np.array(value, dtype=np.float32), constant)
            for constant, value in constants.items()
        ],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="ml.steps.train"
    )
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _boosted(classifier: Any) -> tuple[list[onnx.NodeProto], dict[str, float]]:
    nodes = [
        tree_node(boosted_trees(classifier), "boosts"),
        helper.make_node("Add", ["boosts", "baseline"], ["margin"]),
        helper.make_node("Sigmoid", ["margin"], [PROBABILITY]),
    ]
    return nodes, {"baseline": boosted_baseline(classifier)}


def _forest(classifier: Any) -> tuple[list[onnx.NodeProto], dict[str, float]]:
    trees = list(forest_trees(classifier))
    nodes = [
        tree_node(trees, "mean_share", weight=1.0 / len(trees)),
        helper.make_node("Clip", ["mean_share", "zero", "one"], [PROBABILITY]),  # a float32 sum may pass 1
    ]
    return nodes, {"zero": 0.0, "one": 1.0}


EXPORTS = {"hist_gradient_boosting": _boosted, "random_forest": _forest}


def tree_node(trees: Iterable[Tree], output: str, weight: float = 1.0) -> onnx.NodeProto:
    """A TreeEnsembleRegressor over the input: the weighted sum of the trees' leaf values."""
    forest = list(trees)
    sizes = [tree.feature.size for tree in forest]
    tree_ids = np.repeat(np.arange(len(forest)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    features = np.concatenate([tree.feature for tree in forest])
    thresholds = np.concatenate([rounded_down(tree.threshold) for tree in forest])
    left = np.concatenate([tree.left for tree in forest])
    right = np.concatenate([tree.right for tree in forest])
    missing_left = np.concatenate([tree.missing_left for tree in forest])
    values = np.concatenate([tree.value for tree in forest]) * weight
    leaf = features == LEAF
    return helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        [output],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        nodes_treeids=tree_ids.tolist(),
        nodes_nodeids=node_ids.tolist(),
        nodes_featureids=np.where(leaf, 0, features).tolist(),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_values=np.where(leaf, np.float32(0.0), thresholds).tolist(),
        nodes_truenodeids=np.where(leaf, 0, left).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, right).tolist(),
        nodes_missing_value_tracks_true=np.where(leaf, False, missing_left).astype(int).tolist(),
        target_treeids=tree_ids[leaf].tolist(),
        target_nodeids=node_ids[leaf].tolist(),
        target_ids=np.zeros(int(leaf.sum()), dtype=int).tolist(),
        target_weights=values[leaf].tolist(),
    )


def rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 not above each threshold: for a float32 value, `<=` then decides the same."""
    nearest = thresholds.astype(np.float32)
    above = nearest.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(nearest, np.float32(-np.inf)), nearest)
