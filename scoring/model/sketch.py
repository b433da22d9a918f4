"""The drift reference: for each feature, how the training rows fall into fixed bins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring.model.schema import CategoryFeature, Matrix, Schema
from scoring.model.typed_json import Node

Test = Literal["kolmogorov-smirnov", "chi-squared"]
MAX_BINS = 255  # a bin's number is kept in one byte
COMMON = 0.1  # a value that at least this share of the rows has gets a bin of its own
COMMON_END = 0.01  # the same for the least and the greatest value, which are often sentinels
QUANTILES = 20  # bins of a number without common values, besides one beyond each end
SMALLEST = np.finfo(np.float32).tiny  # processors may take smaller floats for 0


@dataclass(frozen=True, slots=True)
class FeatureSketch:
    """Bins of one feature: bin b holds the values above b of the `edges` (ascending, finite).

    Bin 0 is everything up to the first edge, the last bin everything above the last one: no value is lost.
    `counts` has one bin more than `edges`.
    """

    name: str
    test: Test
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "test": self.test,
            "edges": list(self.edges),
            "counts": list(self.counts),
        }


@dataclass(frozen=True)
class DriftReference:
    """The sketches of all features, in the order of the matrix's columns, over `rows` training rows."""

    rows: int
    sketches: tuple[FeatureSketch, ...]

    @cached_property
    def bins(self) -> int:
        """Bins of the feature that has most of them: the width of each counts matrix."""
        return max(len(sketch.counts) for sketch in self.sketches)

    @cached_property
    def edges(self) -> NDArray[np.float32]:
        """[features, bins - 1]; where a feature has fewer, +infinity, which no value exceeds."""
        table = np.full((len(self.sketches), self.bins - 1), np.inf, dtype=np.float32)
        for row, sketch in enumerate(self.sketches):
            table[row, : len(sketch.edges)] = sketch.edges
        return table

    @cached_property
    def _edges(self) -> NDArray[np.float32]:
        """[bins - 1, 1, features]"""
        return np.ascontiguousarray(self.edges.T)[:, None, :]

    def bin_numbers(self, matrix: Matrix) -> NDArray[np.uint8]:
        """The bin of each value of a matrix [rows, features].

        Each value is compared with each edge. With so few edges that is faster than a search in each column,
        five times as fast for the rows of 20 requests.
        """
        return np.add.reduce((matrix > self._edges).view(np.uint8), axis=0, dtype=np.uint8)

    def to_json(self) -> dict[str, Any]:
        return {"rows": self.rows, "features": [sketch.to_json() for sketch in self.sketches]}

    @staticmethod
    def from_json(node: Node, schema: Schema) -> DriftReference:
        """Raises JsonShapeError when the sketches do not fit each other or the schema."""
        rows = node.field("rows").integer(minimum=1)
        items = list(node.field("features").items())
        sketches = tuple(_sketch(item, rows) for item in items)
        names = tuple(sketch.name for sketch in sketches)
        if names != schema.names:
            raise node.field("features").error(f"features {names} are not the schema's {schema.names}")
        return DriftReference(rows, sketches)

    @property
    def blind(self) -> tuple[str, ...]:
        """Numbers with one bin only, whose drift nobody can see. `learn` no longer makes such sketches."""
        return tuple(
            sketch.name
            for sketch in self.sketches
            if len(sketch.counts) == 1 and sketch.test == "kolmogorov-smirnov"
        )

    @staticmethod
    def learn(matrix: Matrix, schema: Schema) -> DriftReference:
        """The sketches of training rows [rows, features]; a category has a bin for each value."""
        sketches: list[FeatureSketch] = []
        for position, feature in enumerate(schema.features):
            column = matrix[:, position]
            if isinstance(feature, CategoryFeature):
                test: Test = "chi-squared"
                edges = np.arange(len(feature.categories) - 1, dtype=np.float32) + np.float32(0.5)
            else:
                test = "kolmogorov-smirnov"
                edges = number_edges(column, feature.integer)
            counts = np.bincount(np.searchsorted(edges, column, side="left"), minlength=edges.size + 1)
            sketches.append(FeatureSketch(feature.name, test, tuple(edges.tolist()), tuple(counts.tolist())))
        return DriftReference(len(matrix), tuple(sketches))


def number_edges(column: NDArray[np.float32], integer: bool) -> NDArray[np.float32]:
    """The edges of a number's bins, ascending. Some bins are empty: they count values that training lacks.

    Quantiles spread the rows evenly over bins. One bin below the least value and one above the greatest are
    empty. A common value has a bin of its own, so that values near it fall into other bins. Common are all
    values when there are QUANTILES or fewer, else those that COMMON and COMMON_END name.
    """
    values, counts = np.unique(column, return_counts=True)
    share = counts / len(column)
    common = share >= (0.0 if values.size <= QUANTILES else COMMON)
    common[[0, -1]] |= share[[0, -1]] >= COMMON_END
    own = values[common]
    quantiles = np.quantile(column, np.arange(1, QUANTILES) / QUANTILES, method="inverted_cdf")
    edges = np.unique(
        np.concatenate(
            [quantiles, own, _next_below(own, integer), _next_below(values[:1], integer), values[-1:]]
        )
    ).astype(np.float32)
    return edges[np.isfinite(edges)]


def _next_below(values: NDArray[np.float32], integer: bool) -> NDArray[np.float32]:
    """For each value, the next smaller one that the feature can have; -infinity below the least float."""
    with np.errstate(over="ignore"):
        below = np.nextafter(values, np.float32(-np.inf))
    if integer:
        return np.minimum(below, values - np.float32(1.0))
    below = np.where((below < 0.0) & (below > -SMALLEST), -SMALLEST, below)
    return np.where((below > 0.0) & (below < SMALLEST), np.float32(0.0), below)


def _sketch(node: Node, rows: int) -> FeatureSketch:
    test = node.field("test").text()
    if test not in ("kolmogorov-smirnov", "chi-squared"):
        raise node.field("test").error(f"unknown test {test!r}")
    edges = tuple(item.number() for item in node.field("edges").items())
    counts = tuple(item.integer(minimum=0) for item in node.field("counts").items())
    if list(edges) != sorted(set(edges)) or not np.isfinite(edges).all():
        raise node.field("edges").error("edges must be finite and ascending")
    if len(counts) != len(edges) + 1 or len(counts) > MAX_BINS:
        raise node.field("counts").error(
            f"{len(edges)} edges make {len(edges) + 1} bins, found {len(counts)}"
        )
    if sum(counts) != rows:
        raise node.field("counts").error(f"counts add up to {sum(counts)}, not to the {rows} reference rows")
    return FeatureSketch(node.field("name").text(), test, edges, counts)
