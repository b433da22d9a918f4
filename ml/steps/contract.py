"""The contract of the training data: columns, what they mean, and which values they may hold.

The model's input schema is made from the same table: what validation refuses, scoring refuses too.
"""

from __future__ import annotations

from collections.abc import Iterable

from scoring.model.schema import Category, CategoryFeature, Feature, NumberFeature, Schema

ID, LABEL = "id", "default"
LABEL_VALUES = (0, 1)
MINIMUM_ROWS = 1_000  # with fewer, a handful of rows would decide thresholds and drift sketches
MINIMUM_CLASS_SHARE = 0.02  # the least share of the rarer label

MONTHS = ("September", "August", "July", "June", "May", "April")  # of 2005, latest first
EDUCATION = "1 graduate school, 2 university, 3 high school, 4 other, 0, 5 and 6 undocumented"


def _amount(name: str, description: str, minimum: float, maximum: float = 10_000_000) -> NumberFeature:
    """An amount in whole New Taiwan dollars. Up to 2^24 it is exact in the float32 that the model reads."""
    return NumberFeature(name, f"{description}, NT$", minimum, maximum, integer=True)


def _category(name: str, description: str, categories: Iterable[Category]) -> CategoryFeature:
    return CategoryFeature(name, description, tuple(categories))


def _repayment(name: str, month: str) -> NumberFeature:
    text = f"repayment status in {month}: -2 no consumption, -1 paid duly, 0 revolving, 1-9 months of delay"
    return NumberFeature(name, text, -2, 9, integer=True)


FEATURES: tuple[Feature, ...] = (
    _amount("limit_bal", "credit granted", 1),
    _category("sex", "sex", ("female", "male")),
    _category("education", EDUCATION, range(7)),
    _category("marriage", "1 married, 2 single, 3 other, 0 undocumented", range(4)),
    NumberFeature("age", "age in years", 18, 120, integer=True),
    *(
        _repayment(name, month)
        for name, month in zip(("pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6"), MONTHS, strict=True)
    ),
    *(_amount(f"bill_amt{i}", f"bill of {month}", -10_000_000) for i, month in enumerate(MONTHS, 1)),
    *(_amount(f"pay_amt{i}", f"paid in {month}", 0) for i, month in enumerate(MONTHS, 1)),
)
SCHEMA = Schema(FEATURES)
COLUMNS = (ID, *SCHEMA.names, LABEL)
