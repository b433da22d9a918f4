"""Why a row scores as it does: exact Shapley values of the model's margin.

The model is a sum over boxes plus a linear part. A box is a leaf of a tree: at most 16 features, each with
the interval `lower < x <= upper` that leads to the leaf, and whether a missing value leads there too; a row
within the whole box gets its `value`. A linear part adds `slope * x`. The margin is the sum of both and
`intercept`, the probability is its sigmoid.

A value says how much a feature moves the margin away from the mean over the background rows, when features
are taken from the row or from a background row (interventional Shapley values: Lundberg et al. 2020, "From
local explanations to global understanding with explainable AI for trees", Nature Machine Intelligence 2). For
one box and one background row they have a closed form: with A the features that only the row satisfies and B
those that only the background row does, each feature of A gets value * (|A|-1)! |B|! / (|A|+|B|)!, each of B
gets -value * |A|! (|B|-1)! / (|A|+|B|)!, and nothing happens when neither satisfies some feature. So of the
background only this is kept: for each box, how many rows satisfy which of its features.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from math import factorial
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scoring.model.schema import Matrix

MOST_CONDITIONS = 16  # of one box, because a mask has a bit for each
Mask = np.uint16


class ExplanationError(ValueError):
    """The arrays are no explanation of a model over the schema's features; the text says why."""


@dataclass(frozen=True)
class Explanation:
    """What explaining needs. Shapes by boxes L, conditions of a box K, features F, mask counts P.

    feature int16 [L, K], lower and upper float32 [L, K], missing bool [L, K], value float64 [L]: the boxes; a
    box of fewer conditions is filled up with ones that every value satisfies. mask uint16 [P], count uint32
    [P] and first int32 [L + 1]: of box l, `count` background rows satisfy the conditions whose bits are set
    in `mask`, for the places first[l] to first[l + 1]. slope, fill, center float64 [F]: of the linear part,
    what stands for a missing value, and the background's mean. intercept float64 [].
    """

    feature: NDArray[np.int16]
    lower: NDArray[np.float32]
    upper: NDArray[np.float32]
    missing: NDArray[np.bool_]
    value: NDArray[np.float64]
    mask: NDArray[np.uint16]
    count: NDArray[np.uint32]
    first: NDArray[np.int32]
    slope: NDArray[np.float64]
    fill: NDArray[np.float64]
    center: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @property
    def background_rows(self) -> int:
        return int(self.count[: self.first[1]].sum()) if len(self.value) else 1

    def to_bytes(self) -> bytes:
        """The arrays as one .npz file; equal arrays give equal bytes."""
        content = io.BytesIO()
        arrays = {item.name: getattr(self, item.name) for item in fields(self)}
        np.savez_compressed(content, **arrays)
        return content.getvalue()

    @staticmethod
    def from_bytes(content: bytes, width: int) -> Explanation:
        """Raises ExplanationError when this is no explanation over `width` features."""
        arrays: dict[str, Any] = {}
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as read:
                for item in fields(Explanation):
                    arrays[item.name] = read[item.name]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ExplanationError(f"not the arrays of an explanation: {error}") from error
        found = Explanation(**arrays)
        found.check(width)
        return found

    def check(self, width: int) -> None:
        """Raises ExplanationError when the arrays do not fit each other or `width` features."""
        boxes, places = self.value.size, self.mask.size
        conditions = self.feature.shape[1] if self.feature.ndim == 2 else 0
        expected: dict[str, tuple[type, tuple[int, ...]]] = {
            "feature": (np.int16, (boxes, conditions)),
            "lower": (np.float32, (boxes, conditions)),
            "upper": (np.float32, (boxes, conditions)),
            "missing": (np.bool_, (boxes, conditions)),
            "value": (np.float64, (boxes,)),
            "mask": (Mask, (places,)),
            "count": (np.uint32, (places,)),
            "first": (np.int32, (boxes + 1,)),
            "slope": (np.float64, (width,)),
            "fill": (np.float64, (width,)),
            "center": (np.float64, (width,)),
            "intercept": (np.float64, ()),
        }
        for name, (dtype, shape) in expected.items():
            array = getattr(self, name)
            if array.dtype != dtype or array.shape != shape:
                raise ExplanationError(
                    f"{name} is {array.dtype} {list(array.shape)}, expected {np.dtype(dtype)} {list(shape)}"
                )
        if conditions > MOST_CONDITIONS:
            raise ExplanationError(
                f"boxes of {conditions} conditions, at most {MOST_CONDITIONS} are possible"
            )
        if boxes and (self.feature.min() < 0 or self.feature.max() >= width):
            raise ExplanationError(f"feature names columns beyond the {width} of the schema")
        if self.first[0] != 0 or self.first[-1] != places or (np.diff(self.first) < 1).any():
            raise ExplanationError("first does not part the masks among the boxes")
        if boxes:
            rows = np.add.reduceat(self.count.astype(np.int64), self.first[:-1])
            if (rows != rows[0]).any() or rows[0] < 1:
                raise ExplanationError("the boxes count different numbers of background rows")
            if int(self.mask.max()) >= 1 << conditions:
                raise ExplanationError(f"mask has bits beyond its {conditions} conditions")
        for name in ("value", "slope", "fill", "center", "intercept"):
            if not np.isfinite(getattr(self, name)).all():
                raise ExplanationError(f"{name} holds values that are not finite")


def satisfied(
    feature: NDArray[np.int16],
    lower: NDArray[np.float32],
    upper: NDArray[np.float32],
    missing: NDArray[np.bool_],
    row: NDArray[np.float32],
) -> NDArray[np.uint16]:
    """Of each box, the bits of the conditions that a row [features] satisfies, [boxes]."""
    values = row[feature]
    met = ((values > lower) & (values <= upper)) | (np.isnan(values) & missing)
    bits = np.left_shift(np.ones(feature.shape[1], dtype=Mask), np.arange(feature.shape[1], dtype=Mask))
    return (met * bits).sum(axis=1, dtype=Mask)


class Explainer:
    """Thread-safe: explaining changes nothing."""

    def __init__(self, explanation: Explanation) -> None:
        self._parts = parts = explanation
        self._conditions = parts.feature.shape[1]
        self._full = Mask((1 << self._conditions) - 1)
        self._box = np.repeat(np.arange(parts.value.size), np.diff(parts.first))
        self._weight = parts.value[self._box] * parts.count / parts.background_rows
        self._only_row = np.bitwise_count(self._full & ~parts.mask)  # |A|, where B is all the rest
        self._gains, self._losses = _coefficients(self._conditions)
        whole = parts.mask == self._full
        linear = float(parts.slope @ parts.center)
        self.base = float(parts.intercept) + float(self._weight[whole].sum()) + linear

    def explain(self, matrix: Matrix) -> NDArray[np.float64]:
        """Shapley values [rows, features] of a matrix [rows, features]: base + a row's sum is its margin."""
        parts = self._parts
        values = np.where(np.isnan(matrix), parts.fill, matrix.astype(np.float64))
        result = (values - parts.center) * parts.slope
        if parts.value.size:
            for position, row in enumerate(matrix):
                result[position] += self._of_boxes(row)
        return result

    def margins(self, matrix: Matrix) -> NDArray[np.float64]:
        """The margin of each row [rows]: the base plus the sum of the row's Shapley values."""
        return self.base + self.explain(matrix).sum(axis=1)

    def _of_boxes(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        parts = self._parts
        met = satisfied(parts.feature, parts.lower, parts.upper, parts.missing, row)
        kept = np.flatnonzero((met[self._box] | parts.mask) == self._full)
        box = self._box[kept]
        by_row, by_other = self._full & ~parts.mask[kept], self._full & ~met[box]  # A and B
        sizes = self._only_row[kept], np.bitwise_count(by_other)
        gain = self._weight[kept] * self._gains[sizes]
        loss = self._weight[kept] * self._losses[sizes]
        result = np.zeros(parts.slope.size)
        for condition in range(self._conditions):
            bit = Mask(1 << condition)
            share = np.where(by_row & bit, gain, 0.0) - np.where(by_other & bit, loss, 0.0)
            result += np.bincount(parts.feature[box, condition], share, minlength=result.size)
        return result


def _coefficients(conditions: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(|A|-1)! |B|! / (|A|+|B|)! and |A|! (|B|-1)! / (|A|+|B|)!, each [|A|, |B|]; 0 for an empty set."""
    size = conditions + 1
    gains, losses = np.zeros((size, size)), np.zeros((size, size))
    for a in range(size):
        for b in range(size):
            if a:
                gains[a, b] = factorial(a - 1) * factorial(b) / factorial(a + b)
            if b:
                losses[a, b] = factorial(a) * factorial(b - 1) / factorial(a + b)
    return gains, losses
