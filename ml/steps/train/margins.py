"""A margin, evaluated: the sum of trees, a linear part and a constant, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.steps.train.additive import Additive
from ml.steps.train.trees import LEAF, Tree

Doubles = NDArray[np.float64]


def evaluate(margin: Additive, matrix: Doubles) -> Doubles:
    """The margin of each row, [rows], of a matrix [rows, features]; missing values are NaN."""
    filled = np.where(np.isnan(matrix), margin.fill, matrix)
    total = filled @ margin.slope + margin.intercept
    for tree in margin.trees:
        total += leaves(tree, matrix)
    return total


def leaves(tree: Tree, matrix: Doubles) -> Doubles:
    """A tree's answer for each row, [rows]."""
    rows = np.arange(len(matrix))
    node = np.zeros(len(matrix), dtype=np.int64)
    going = rows if tree.feature[0] != LEAF else rows[:0]
    while going.size:
        at = node[going]
        value = matrix[going, tree.feature[at]]
        left = np.where(np.isnan(value), tree.missing_left[at], value <= tree.threshold[at])
        node[going] = np.where(left, tree.left[at], tree.right[at])
        going = going[tree.feature[node[going]] != LEAF]
    return tree.value[node]
