"""The values of one feature -> float32, one alone, a list of them or an array, with the same result."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model.schema import (
    CategoryFeature,
    Feature,
    NumberFeature,
    codes,
)

Encoded = NDArray[np.float32] | NDArray[np.float64]
Numbers = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]
Reader = Callable[[Any], "float | None"]
ColumnReader = Callable[[list[Any]], "Encoded | None"]
NUMBER_TYPES, CATEGORY_TYPES = frozenset({int, float}), frozenset({str, int, float})
EXACT_INTEGERS = 2.0**53
NONE = np.float32(np.nan)  # the code of what is no category


class Column:
    """Reads the values of one feature, one alone or many at once, with the same result."""

    def __init__(self, feature: Feature) -> None:
        self.feature = feature
        self.get: Callable[[Any], object] = itemgetter(feature.name)
        self.of_array: Callable[[Numbers], Encoded | None]
        if isinstance(feature, CategoryFeature):
            self.read, self.encode = _category_reader(feature), _category_column(feature)
            self.of_array = _category_array(feature)
        else:
            self.read, self.encode = _number_reader(feature), _number_column(feature)
            self.of_array = _number_array(feature)

    def table(self, different: tuple[str | None, ...]) -> NDArray[np.float32]:
        """The code of each text; NONE for what the feature does not take."""
        known = codes(self.feature) if isinstance(self.feature, CategoryFeature) else {}
        found = [NONE if text is None else known.get(text, NONE) for text in different]
        return np.array(found, dtype=np.float32)


def codes_at(places: NDArray[np.int32], table: NDArray[np.float32]) -> Encoded | None:
    """The codes of texts; None when one is none of the feature's."""
    found = table[places]
    return None if np.isnan(found).any() else found


def _number_reader(feature: NumberFeature) -> Reader:
    low, high, integer = feature.minimum, feature.maximum, feature.integer

    def read(value: Any) -> float | None:
        kind = type(value)  # not isinstance: true and false are integers to it
        if kind is int:
            return value if low <= value <= high else None
        if kind is float and low <= value <= high and (not integer or value.is_integer()):
            return value
        return None

    return read


def _number_column(feature: NumberFeature) -> ColumnReader:
    read, within = _number_reader(feature), _number_array(feature)

    def encode(values: list[Any]) -> Encoded | None:
        if not _exact(feature):
            encoded = [read(value) for value in values]
            return None if None in encoded else np.array(encoded, dtype=np.float32)
        if not NUMBER_TYPES.issuperset(map(type, values)):
            return None
        try:
            return within(np.array(values, dtype=np.float64))
        except OverflowError:  # an integer of hundreds of digits
            return None

    return encode


def _exact(feature: NumberFeature) -> bool:
    """Whether no integer beyond a limit rounds onto it."""
    return max(abs(feature.minimum), abs(feature.maximum)) < EXACT_INTEGERS


def _number_array(feature: NumberFeature) -> Callable[[Numbers], Encoded | None]:
    """None: some number is wrong, or it takes a list to know."""
    low, high, integer, exact = feature.minimum, feature.maximum, feature.integer, _exact(feature)

    def encode(values: Numbers) -> Encoded | None:
        if not exact:
            return None
        found = values.astype(np.float64, copy=False)
        if not ((found >= low) & (found <= high)).all() or (integer and (found != np.floor(found)).any()):
            return None
        return found

    return encode


def _category_reader(feature: CategoryFeature) -> Reader:
    table = codes(feature)

    def read(value: Any) -> float | None:
        kind = type(value)
        return table.get(value) if kind is str or kind is int or kind is float else None

    return read


def _category_column(feature: CategoryFeature) -> ColumnReader:
    table = codes(feature)

    def encode(values: list[Any]) -> Encoded | None:
        if not CATEGORY_TYPES.issuperset(map(type, values)):
            return None
        encoded = list(map(table.get, values))
        return None if None in encoded else np.array(encoded, dtype=np.float32)

    return encode


def _category_array(feature: CategoryFeature) -> Callable[[Numbers], Encoded | None]:
    """None: some number is no category, or it takes a list to know."""
    whole = sorted(value for value in feature.categories if not isinstance(value, str))
    exact = bool(whole) and max(map(abs, whole)) < EXACT_INTEGERS
    known = np.array(whole if exact else [], dtype=np.float64)
    code = np.array([codes(feature)[value] for value in whole], dtype=np.float32)

    def encode(values: Numbers) -> Encoded | None:
        if not known.size:
            return None
        found = values.astype(np.float64, copy=False)
        places = np.minimum(np.searchsorted(known, found), known.size - 1)
        return code[places] if (known[places] == found).all() else None

    return encode
