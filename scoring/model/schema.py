"""The input schema of a model: its features in the order of the matrix's columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model.typed_json import Node

Category = str | int
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NumberFeature:
    """A number within [minimum, maximum], both included; `integer` refuses fractions."""

    name: str
    description: str
    minimum: float
    maximum: float
    integer: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": "number",
            "description": self.description,
            "minimum": float(self.minimum),
            "maximum": float(self.maximum),
            "integer": self.integer,
        }


@dataclass(frozen=True, slots=True)
class CategoryFeature:
    """One of a closed list of values; the position in the list is the feature's code in the matrix."""

    name: str
    description: str
    categories: tuple[Category, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": "category",
            "description": self.description,
            "categories": list(self.categories),
        }


Feature = NumberFeature | CategoryFeature


@dataclass(frozen=True)
class Schema:
    features: tuple[Feature, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @property
    def width(self) -> int:
        return len(self.features)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the schema's canonical JSON."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {"features": [feature.to_json() for feature in self.features]}

    @staticmethod
    def from_json(node: Node) -> Schema:
        """Raises JsonShapeError naming the value that is wrong."""
        features = tuple(_feature(item) for item in node.field("features").items())
        if not features:
            raise node.error("a schema needs at least one feature")
        names = [feature.name for feature in features]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise node.error(f"features named twice: {', '.join(twice)}")
        return Schema(features)

    def columns(self, matrix: Matrix) -> dict[str, list[Any]]:
        """The matrix [rows, features] back as named columns of JSON values, categories decoded.

        These values keep the schema and are encoded as the same matrix again: a number is the shortest that
        float32 rounds to what the matrix holds, and never beyond a limit that float32 rounded outwards.
        """
        decoded: dict[str, list[Any]] = {}
        for position, feature in enumerate(self.features):
            column = matrix[:, position]
            if isinstance(feature, CategoryFeature):
                decoded[feature.name] = [feature.categories[code] for code in column.astype(int).tolist()]
            elif feature.integer:
                least, most = ceil(feature.minimum), floor(feature.maximum)
                decoded[feature.name] = [min(max(int(value), least), most) for value in column.tolist()]
            else:
                low, high = float(feature.minimum), float(feature.maximum)
                decoded[feature.name] = [min(max(float(str(value)), low), high) for value in column]
        return decoded

    def records(self, matrix: Matrix) -> list[dict[str, Any]]:
        """The matrix [rows, features] back as one object a row."""
        columns = self.columns(matrix)
        rows = zip(*columns.values(), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]


def _feature(node: Node) -> Feature:
    name, kind = node.field("name").text(), node.field("type").text()
    description = node.field("description").text()
    if kind == "number":
        low, high = node.field("minimum").number(), node.field("maximum").number()
        for limit, value in (("minimum", low), ("maximum", high)):
            if not isfinite(value):  # JSON's 1e999 is read as infinity, and no integer is that limit
                raise node.error(f"{limit} {value} is not finite")
        if not low < high:
            raise node.error(f"minimum {low} is not below maximum {high}")
        return NumberFeature(name, description, low, high, node.field("integer").flag())
    if kind == "category":
        categories = tuple(_category(item) for item in node.field("categories").items())
        if not categories or len(set(categories)) != len(categories):
            raise node.error("categories must be distinct values, at least one")
        return CategoryFeature(name, description, categories)
    raise node.field("type").error(f"expected 'number' or 'category', found {kind!r}")


def _category(node: Node) -> Category:
    return node.text() if isinstance(node.value, str) else node.integer()


def limit_text(value: float) -> str:
    """A limit as text: in short form where that is exact, such as 1e+07, else with all its digits."""
    short = f"{value:g}"
    if float(short) == value:
        return short
    return str(int(value)) if value == int(value) else repr(value)


def int_limits(feature: NumberFeature) -> tuple[int, int]:
    """The least and the greatest integer that the feature takes."""
    return ceil(feature.minimum), floor(feature.maximum)


def codes(feature: CategoryFeature) -> Mapping[Category, float]:
    """The matrix value of each category."""
    return {category: float(code) for code, category in enumerate(feature.categories)}
