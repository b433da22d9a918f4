"""Learns what explaining needs: leaves as boxes, and which conditions background rows satisfy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ml.steps.train.additive import Additive
from ml.steps.train.trees import LEAF, Tree, rounded_down
from scoring.model.explain import MOST_CONDITIONS, Explanation, Mask, satisfied
from scoring.model.schema import Matrix

BACKGROUND_ROWS = 1_000
Condition = tuple[np.float32, np.float32, bool]  # lower < x <= upper, or missing where true
Box = dict[int, Condition]  # by column
EVERYTHING: Condition = (np.float32(-np.inf), np.float32(np.inf), True)


def boxes(tree: Tree) -> Iterator[tuple[Box, float]]:
    """Each leaf of a tree with the conditions on the way to it, one a feature, and its value."""
    thresholds = rounded_down(tree.threshold)
    open_: list[tuple[int, Box]] = [(0, {})]
    while open_:
        node, box = open_.pop()
        column = int(tree.feature[node])
        if column == LEAF:
            yield box, float(tree.value[node])
            continue
        lower, upper, missing = box.get(column, EVERYTHING)
        threshold, left = thresholds[node], bool(tree.missing_left[node])
        right_side = (max(lower, threshold), upper, missing and not left)
        left_side = (lower, min(upper, threshold), missing and left)
        open_.append((int(tree.right[node]), {**box, column: right_side}))
        open_.append((int(tree.left[node]), {**box, column: left_side}))


def explanation(margin: Additive, background: Matrix) -> Explanation:
    """Of a margin, against background rows [rows, features].

    Raises ValueError when a leaf lies behind splits on more features than there are bits in a mask.
    """
    every = [leaf for tree in margin.trees for leaf in boxes(tree) if leaf[1] != 0.0]
    leaves = [(box, value) for box, value in every if box]
    constant = sum(value for box, value in every if not box)  # of trees that split nothing
    conditions = max((len(box) for box, _ in leaves), default=0)
    if conditions > MOST_CONDITIONS:
        raise ValueError(f"a leaf behind {conditions} features, at most {MOST_CONDITIONS} can be explained")
    shape = (len(leaves), conditions)
    feature, missing = np.zeros(shape, np.int16), np.ones(shape, np.bool_)
    lower, upper = np.full(shape, -np.inf, np.float32), np.full(shape, np.inf, np.float32)
    for row, (box, _) in enumerate(leaves):
        for place, (column, limits) in enumerate(sorted(box.items())):
            feature[row, place] = column
            lower[row, place], upper[row, place], missing[row, place] = limits
    mask, count, first = masks(feature, lower, upper, missing, background)
    return Explanation(
        feature=feature,
        lower=lower,
        upper=upper,
        missing=missing,
        value=np.array([value for _, value in leaves], dtype=np.float64),
        mask=mask,
        count=count,
        first=first,
        slope=margin.slope,
        fill=margin.fill,
        center=np.where(np.isnan(background), margin.fill, background).mean(axis=0, dtype=np.float64),
        intercept=np.array(margin.intercept + constant, dtype=np.float64),
    )


def masks(
    feature: NDArray[np.int16],
    lower: NDArray[np.float32],
    upper: NDArray[np.float32],
    missing: NDArray[np.bool_],
    background: Matrix,
) -> tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.int32]]:
    """The distinct masks of each box over the background rows, their counts, and where each box begins."""
    met = np.stack([satisfied(feature, lower, upper, missing, row) for row in background], axis=1)
    met.sort(axis=1)  # [boxes, rows]: equal masks of a box stand together
    starts = np.ones(met.shape, dtype=np.bool_)
    starts[:, 1:] = met[:, 1:] != met[:, :-1]
    begins = np.flatnonzero(starts)
    count = np.diff(begins, append=met.size)
    first = np.concatenate([[0], np.cumsum(starts.sum(axis=1))])
    return met.ravel()[begins].astype(Mask), count.astype(np.uint32), first.astype(np.int32)


def background(rows: Matrix, seed: int) -> Matrix:
    """The rows that explanations compare with: a sample without replacement, in the order of the table."""
    chosen = np.random.default_rng(seed).permutation(len(rows))[:BACKGROUND_ROWS]
    return rows[np.sort(chosen)]
