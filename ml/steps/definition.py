"""Checks up front that the tables of contract.py and about.py are usable and belong together.

Otherwise a mistake in them would show after a training, or be registered with a model as its card.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from ml.steps import about, contract
from ml.steps.attribute import Attribute
from ml.steps.bounds import ABOUT_FILE
from ml.steps.errors import StepError
from scoring.model.schema import Category, CategoryFeature, Feature, NumberFeature, limit_text
from scoring.model.sketch import MAX_BINS

CONTRACT_FILE = "ml/steps/contract.py"
FINGERPRINT_LENGTH = 12  # hexadecimal digits
EXACT = 2**53  # whole numbers are exact up to it in JSON and in float64
GREATEST = float(np.finfo(np.float32).max)
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
    if found:  # words about invalid columns would only repeat these problems
        return found
    said = [
        *of_attributes(about.ATTRIBUTES, contract.FEATURES),
        *of_words(about.CONTRACT, fingerprint(contract.ID, contract.LABEL, contract.FEATURES)),
    ]
    return [f"{ABOUT_FILE}: {text}" for text in said]


def fingerprint(identifier: str, label: str, features: Sequence[Feature]) -> str:
    """The fingerprint of the columns' names, kinds and categories, not of limits and descriptions."""
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
    found += [text for name in dict.fromkeys(names) for text in _of_name(name)]
    return found + [text for feature in features for text in _of_feature(feature)]


def _of_name(name: object) -> list[str]:
    if name == "":
        return ["a column has an empty name"]
    if not isinstance(name, str):
        return [f"the column {name!r}: a name is text"]
    if name != name.strip() or "," in name or not _is_line(name):
        what = "no commas, no control characters, no white space around it"
        return [f"the column {name!r}: csv files and settings have to name it: {what}"]
    return []


def _is_line(value: object) -> bool:
    """A text that UTF-8 and XML can hold (the card's pictures are SVG), in one line."""
    return isinstance(value, str) and not any(
        unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufffe\uffff" for sign in value
    )


def _of_feature(feature: Feature) -> list[str]:
    found: list[str] = []
    if not _is_line(feature.description):
        found.append(f"the description of {feature.name}: {feature.description!r} is no text of one line")
    if isinstance(feature, CategoryFeature):
        return found + _of_categories(feature.name, feature.categories)
    return found + _of_limits(feature)


def _of_categories(name: str, categories: Sequence[Category]) -> list[str]:
    found: list[str] = []
    strange = [value for value in categories if isinstance(value, bool) or not _is_category(value)]
    if strange:
        found.append(f"categories of {name}: {strange[0]!r} is neither text nor a whole number")
    elif len({type(value) for value in categories}) > 1:
        found.append(f"categories of {name}: text and whole numbers, but a column of a file holds one kind")
    else:
        found += [f"categories of {name}: {value!r} {why}" for value in categories if (why := _unfit(value))]
    twice = [value for at, value in enumerate(categories) if value in categories[:at]]
    if twice:
        found.append(f"categories of {name}: {twice[0]!r} is listed twice")
    if not categories:
        found.append(f"categories of {name}: none is listed")
    if len(categories) > MAX_BINS:
        found.append(
            f"categories of {name}: {len(categories)} are listed, at most {MAX_BINS} are possible: gather "
            "rare ones in one"
        )
    return found


def _is_category(value: object) -> bool:
    return isinstance(value, str | int)


def _unfit(value: Category) -> str:
    """What is wrong with a category, in words; empty when it is one."""
    if isinstance(value, int):
        return "" if abs(value) <= EXACT else f"is beyond {EXACT:,}, up to which JSON has whole numbers"
    if not value:
        return "is empty, which csv cannot tell from a value that is missing"
    return "" if _is_line(value) else "has control characters, which cards cannot show"


def _of_limits(feature: NumberFeature) -> list[str]:
    for limit in (feature.minimum, feature.maximum):
        if not _is_number(limit):
            return [f"limits of {feature.name}: {limit!r} is no number"]
    said = _of_range(feature.minimum, feature.maximum) or _of_whole(feature)
    return [f"limits of {feature.name}: {said}"] if said else []


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_range(low: float, high: float) -> str:
    """What is wrong with limits for a float32, in words; empty when nothing is."""
    if any(isinstance(limit, float) and not math.isfinite(limit) for limit in (low, high)):
        return f"{low} to {high} are not finite"
    for limit in (low, high):
        if abs(limit) > GREATEST:
            return f"{str(limit)[:40]} is beyond {GREATEST:.7g}, the greatest float32, which the model reads"
    if not low < high:
        return f"the minimum {limit_text(low)} is not below the maximum {limit_text(high)}"
    if not np.float32(low) < np.float32(high):
        return f"{limit_text(low)} and {limit_text(high)} are one number in float32, which the model reads"
    return ""


def _of_whole(feature: NumberFeature) -> str:
    if not isinstance(feature.integer, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        return f"integer is {feature.integer!r}: expected True or False"
    if not feature.integer:
        return ""
    low, high = feature.minimum, feature.maximum
    if max(abs(low), abs(high)) > EXACT:
        return f"whole numbers beyond {EXACT:,} are not exact in JSON: use integer=False"
    if math.ceil(low) > math.floor(high):
        return f"no whole number lies between {limit_text(low)} and {limit_text(high)}"
    return ""


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
