"""A day of answers as sums. They add up exactly: of batches, of replicas, of days.

A probability is counted in one of BINS bins of equal width in log odds, so that rare labels and common ones
are resolved alike. Each bin keeps the sum of its probabilities, so means over bins are means over rows.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.quality.metrics import Outcomes
from scoring.model import machine
from scoring.model.drift import WindowCounts
from scoring.model.machine import Absent
from scoring.model.schema import Matrix
from scoring.model.sketch import DriftReference

BINS: Final = 2_048
WIDEST: Final = 12.0  # log odds: a probability of 6e-6; what lies beyond is counted in the outermost bins
STEPS: Final = 20  # of the quantiles that are kept of a feature
SAMPLE: Final = 1_000  # rows of the first batch, and up to twice as many, of which quantiles are taken
LATER_SAMPLE: Final = 250  # of each further batch: the mean over batches is as near

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """rows and sum of probabilities by the predicted label and the bin of the probability, each [2, bins]."""

    rows: Counts
    expected: Floats

    @staticmethod
    def empty() -> ScoreSums:
        return ScoreSums(np.zeros((2, BINS), dtype=np.int64), np.zeros((2, BINS)))

    @staticmethod
    def of(probability: Floats, predicted: NDArray[Any]) -> ScoreSums:
        """probability, predicted (0 or 1): [rows]."""
        places = _places(probability, predicted)
        rows = np.bincount(places, minlength=2 * BINS).reshape(2, BINS)
        weights: Floats = np.asarray(probability, dtype=np.float64)
        expected: Floats = np.zeros((2, BINS))
        expected += np.bincount(places, weights=weights, minlength=2 * BINS).reshape(2, BINS)
        return ScoreSums(rows.astype(np.int64), expected)

    def __add__(self, other: ScoreSums) -> ScoreSums:
        return ScoreSums(self.rows + other.rows, self.expected + other.expected)

    @property
    def total(self) -> int:
        return int(self.rows.sum())

    def estimated(self) -> Outcomes:
        """What is to be expected of these rows while the probabilities are calibrated."""
        return Outcomes(self.expected, self.rows - self.expected, self._probability)

    @property
    def _probability(self) -> Floats:
        return np.divide(self.expected, self.rows, out=np.zeros((2, BINS)), where=self.rows > 0)


@dataclass(frozen=True, slots=True)
class LabelledSums:
    """Rows whose label came: their scores, and how many have label 1, [2, bins]."""

    scores: ScoreSums
    positives: Counts

    @staticmethod
    def empty() -> LabelledSums:
        return LabelledSums(ScoreSums.empty(), np.zeros((2, BINS), dtype=np.int64))

    @staticmethod
    def of(probability: Floats, predicted: NDArray[Any], label: NDArray[Any]) -> LabelledSums:
        """probability, predicted and label (0 or 1): [rows]."""
        ones = label == 1
        places = _places(probability[ones], predicted[ones])
        positives = np.bincount(places, minlength=2 * BINS).reshape(2, BINS).astype(np.int64)
        return LabelledSums(ScoreSums.of(probability, predicted), positives)

    def __add__(self, other: LabelledSums) -> LabelledSums:
        return LabelledSums(self.scores + other.scores, self.positives + other.positives)

    @property
    def total(self) -> int:
        return self.scores.total

    def measured(self) -> Outcomes:
        estimated = self.scores.estimated()
        positive = self.positives.astype(np.float64)
        return Outcomes(positive, self.scores.rows - positive, estimated.probability)


def _places(probability: Floats, predicted: NDArray[Any]) -> NDArray[np.int64]:
    """The place of each row in [2, bins], flat."""
    with np.errstate(divide="ignore"):
        odds = np.log(probability) - np.log1p(-probability)
    bins = ((odds + WIDEST) * (BINS / (2.0 * WIDEST))).clip(0, BINS - 1).astype(np.int64)
    return bins + BINS * (predicted == 1)


@dataclass(frozen=True)
class DaySums:
    """The answers of one model in a day, or in several.

    bins: histograms [features, bins], of each feature over the rows that have a value of it.
    nulls: by feature, how many rows have none.
    quantiles: by feature, at 1/STEPS ... (STEPS-1)/STEPS [features, STEPS - 1], of a sample; those of sums
    that were added are means weighted by rows, so they are near, not exact. NaN while there are none.
    """

    bins: Counts
    nulls: Counts
    quantiles: Floats
    scores: ScoreSums
    outliers: int

    @property
    def rows(self) -> int:
        return self.scores.total

    @staticmethod
    def empty(reference: DriftReference) -> DaySums:
        features = len(reference.sketches)
        return DaySums(
            np.zeros((features, reference.bins), dtype=np.int64),
            np.zeros(features, dtype=np.int64),
            np.full((features, STEPS - 1), np.nan),
            ScoreSums.empty(),
            0,
        )

    def __add__(self, other: DaySums) -> DaySums:
        """Raises ValueError when the sums are of features with other bins."""
        if self.bins.shape != other.bins.shape:
            raise ValueError(f"sums of bins {self.bins.shape} and {other.bins.shape} do not add up")
        return DaySums(
            self.bins + other.bins,
            self.nulls + other.nulls,
            _mixed(self, other),
            self.scores + other.scores,
            self.outliers + other.outliers,
        )

    @cached_property
    def present(self) -> Counts:
        """By feature, how many rows have a value."""
        return self.bins.sum(axis=1)

    def window(self, feature: int) -> WindowCounts:
        """The histogram of one feature alone, for tests that take one feature after another."""
        return WindowCounts(int(self.present[feature]), self.bins[feature : feature + 1])

    def to_json(self) -> dict[str, Any]:
        return {
            "bins": self.bins.tolist(),
            "nulls": self.nulls.tolist(),
            "quantiles": [[None if np.isnan(each) else each for each in row] for row in self.quantiles],
            "scores": {"rows": _packed(self.scores.rows), "expected": _packed(self.scores.expected)},
            "outliers": self.outliers,
        }

    @staticmethod
    def from_json(value: dict[str, Any], reference: DriftReference) -> DaySums:
        """Raises ValueError when the sums are of features with other bins."""
        bins = np.array(value["bins"], dtype=np.int64)
        if bins.shape != (len(reference.sketches), reference.bins):
            raise ValueError(
                f"sums of bins {bins.shape} are not of a reference with {len(reference.sketches)} features "
                f"and {reference.bins} bins"
            )
        return DaySums(
            bins,
            np.array(value["nulls"], dtype=np.int64),
            np.array(value["quantiles"], dtype=np.float64),  # null is read as NaN
            ScoreSums(
                _unpacked(value["scores"]["rows"], np.dtype(np.int64)),
                _unpacked(value["scores"]["expected"], np.dtype(np.float64)),
            ),
            int(value["outliers"]),
        )


def _mixed(first: DaySums, second: DaySums) -> Floats:
    weights = np.stack([first.present, second.present]).astype(np.float64)[:, :, None]
    values = np.stack([first.quantiles, second.quantiles])
    known = ~np.isnan(values)
    weights = np.where(known, np.maximum(weights, 1e-9), 0.0)
    total = weights.sum(axis=0)
    summed = (np.where(known, values, 0.0) * weights).sum(axis=0)
    return np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)


def _packed(array: NDArray[Any]) -> str:
    """Little-endian bytes, compressed: most bins are empty."""
    return base64.b64encode(zlib.compress(array.astype(array.dtype.newbyteorder("<")).tobytes())).decode()


def _unpacked(text: str, kind: np.dtype[Any]) -> NDArray[Any]:
    content = zlib.decompress(base64.b64decode(text))
    return np.frombuffer(content, dtype=kind.newbyteorder("<")).astype(kind).reshape(2, BINS)


class Counter:
    """Sums batches of rows. Memory does not grow with the rows.

    Counts by the machine code of the scoring service where there is one, which gives the same numbers.
    """

    def __init__(self, reference: DriftReference) -> None:
        code = machine.found()
        self._reference = reference
        self._code = None if isinstance(code, Absent) else code.bins(reference.edges)
        self.sums = DaySums.empty(reference)

    def add(
        self,
        matrix: Matrix,
        probability: Floats,
        predicted: NDArray[Any],
        outliers: int,
    ) -> None:
        """Count rows: matrix [rows, features], NaN for no value; probability, predicted (0 or 1) [rows]."""
        if len(matrix) == 0:
            return
        bins = self._histograms(matrix)
        self.sums = self.sums + DaySums(
            bins,
            len(matrix) - bins.sum(axis=1),
            _quantiles(matrix, LATER_SAMPLE if self.sums.rows else SAMPLE),
            ScoreSums.of(probability, predicted),
            outliers,
        )

    def _histograms(self, matrix: Matrix) -> Counts:
        """Of the values that are there."""
        features, bins = len(self._reference.sketches), self._reference.bins
        counts = np.zeros((features, bins), dtype=np.int64)
        if self._code is not None:
            self._code.tally(np.ascontiguousarray(matrix), counts)
            return counts
        numbers = self._reference.bin_numbers(matrix)
        for feature in range(features):
            known = ~np.isnan(matrix[:, feature])
            counts[feature] = np.bincount(numbers[known, feature], minlength=bins)
        return counts


def _quantiles(matrix: Matrix, rows: int) -> Floats:
    """Of every so many rows, so that at least `rows` are looked at where there are as many."""
    stride = max(1, len(matrix) // rows)
    sample = np.sort(matrix[::stride].astype(np.float64), axis=0)  # NaN comes last
    known = (~np.isnan(sample)).sum(axis=0)
    shares = np.arange(1, STEPS) / STEPS
    found = np.full((matrix.shape[1], STEPS - 1), np.nan)
    for feature, count in enumerate(known.tolist()):
        if count:
            places = np.ceil(shares * count).astype(int) - 1
            found[feature] = sample[np.clip(places, 0, count - 1), feature]
    return found
