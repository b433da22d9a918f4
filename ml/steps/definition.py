"""Whether the tables of contract.py and about.py can be worked with, and belong together: asked up front.

What is wrong in them would otherwise be found after a training, or be registered with a model as its card.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence

from ml.steps import about, contract
from ml.steps.attribute import Attribute
from ml.steps.bounds import ABOUT_FILE
from ml.steps.errors import StepError
from scoring.model.schema import Category, CategoryFeature, Feature, NumberFeature

CONTRACT_FILE = "ml/steps/contract.py"
FINGERPRINT_LENGTH = 12  # hexadecimal digits
ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]*")  # it becomes part of a bound's name


def check() -> None:
    """Raises StepError naming all that is wrong in the two files."""
    found = problems()
    if found:
        raise StepError("the data set's definition is not valid:\n  " + "\n  ".join(found))


def problems() -> list[str]:
    """In words, each beginning with its file; empty when the definition can be worked with."""
    found = [
        f"{CONTRACT_FILE}: {text}" for text in of_columns(contract.ID, contract.LABEL, contract.FEATURES)
    ]
    if found:  # what is said of columns that are not valid would only repeat it
        return found
    said = [
        *of_attributes(about.ATTRIBUTES, contract.FEATURES),
        *of_words(about.CONTRACT, fingerprint(contract.ID, contract.LABEL, contract.FEATURES)),
    ]
    return [f"{ABOUT_FILE}: {text}" for text in said]


def fingerprint(identifier: str, label: str, features: Sequence[Feature]) -> str:
    """Of the columns' names, kinds and categories; limits and descriptions may change without it."""
    kinds = [
        [feature.name, list(feature.categories) if isinstance(feature, CategoryFeature) else "number"]
        for feature in features
    ]
    text = json.dumps([identifier, label, kinds], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def of_columns(identifier: str, label: str, features: Sequence[Feature]) -> list[str]:
    names = [identifier, label, *(feature.name for feature in features)]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [f"the column {name!r} is named twice, among ID, LABEL and FEATURES" for name in twice]
    if not features:
        found.append("FEATURES is empty: at least one is needed")
    if not all(names):
        found.append("a column has an empty name")
    return found + [text for feature in features for text in _of_feature(feature)]


def _of_feature(feature: Feature) -> list[str]:
    if isinstance(feature, CategoryFeature):
        return _of_categories(feature.name, feature.categories)
    return _of_limits(feature)


def _of_categories(name: str, categories: Sequence[Category]) -> list[str]:
    found: list[str] = []
    strange = [value for value in categories if isinstance(value, bool) or not _is_category(value)]
    if strange:
        found.append(f"categories of {name}: {strange[0]!r} is neither text nor a whole number")
    twice = [value for at, value in enumerate(categories) if value in categories[:at]]
    if twice:
        found.append(f"categories of {name}: {twice[0]!r} is listed twice")
    if not categories:
        found.append(f"categories of {name}: none is listed")
    return found


def _is_category(value: object) -> bool:
    return isinstance(value, str | int)


def _of_limits(feature: NumberFeature) -> list[str]:
    low, high = feature.minimum, feature.maximum
    if not (math.isfinite(low) and math.isfinite(high)):
        return [f"limits of {feature.name}: {low} to {high} are not finite"]
    if not low < high:
        return [f"limits of {feature.name}: the minimum {low:g} is not below the maximum {high:g}"]
    return []


def of_attributes(attributes: Mapping[str, Attribute], features: Sequence[Feature]) -> list[str]:
    known = {feature.name: feature for feature in features}
    found: list[str] = []
    for name, attribute in attributes.items():
        feature = known.get(attribute.column)
        if not ATTRIBUTE_NAME.fullmatch(name):
            found.append(f"ATTRIBUTES: the name {name!r} is not of small letters, digits and _")
        if feature is None:
            column = f"{attribute.column!r} is no feature of {CONTRACT_FILE}"
            found.append(f"ATTRIBUTES, {name}: {column}; it has {', '.join(known)}")
        elif isinstance(feature, NumberFeature) and not feature.integer:
            found.append(f"ATTRIBUTES, {name}: {feature.name} may hold fractions, and groups go by value")
        else:
            strange = [value for value in attribute.groups if not _allowed(feature, value)]
            found += [f"ATTRIBUTES, {name}: {feature.name} cannot be {strange[0]!r}"] if strange else []
    return found


def _allowed(feature: Feature, value: object) -> bool:
    if isinstance(feature, CategoryFeature):
        return value in feature.categories
    return isinstance(value, int) and feature.minimum <= value <= feature.maximum


def of_words(written_for: str, columns: str) -> list[str]:
    if written_for == columns:
        return []
    return [
        f"CONTRACT is {written_for!r}, but the columns of {CONTRACT_FILE} have the fingerprint {columns!r}: "
        f"these words were written for other columns. Make all of them true of this data set, then set "
        f"CONTRACT = {columns!r}"
    ]
