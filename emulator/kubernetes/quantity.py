"""Quantities, such as ``500m`` and ``1Gi``: their values, and the one way in which the API writes each.

The rules are those of apimachinery's `resource.Quantity`.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal
from typing import Final

BINARY: Final = {"": 0, "Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}  # powers of 2
DECIMAL: Final = {
    "n": -9,
    "u": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}  # powers of 10
PATTERN: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64}))"
    r"(?:(?P<suffix>Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?)|[eE](?P<exponent>[+-]?[0-9]{1,3}))"
)
FORM: Final = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"  # as messages have it
SMALLEST: Final = Decimal("1e-9")


def parse(text: str) -> Decimal | None:
    """The value; None where the text is no quantity. What is finer than 1e-9 is rounded away from zero."""
    found = PATTERN.fullmatch(text)
    if found is None:
        return None
    number, suffix = Decimal(found["number"]), found["suffix"] or ""
    if found["exponent"]:
        value = number.scaleb(int(found["exponent"]))
    elif suffix in BINARY and suffix:
        value = number * (1 << BINARY[suffix])
    else:
        value = number.scaleb(DECIMAL[suffix])
    if abs(value) >= Decimal("1e28"):
        return value
    return value.quantize(SMALLEST, rounding=ROUND_UP)


def canonical(text: str) -> str:
    """As the API writes it: no fraction, and the largest suffix with which there is none."""
    value, found = parse(text), PATTERN.fullmatch(text)
    if value is None or found is None or abs(value) >= Decimal("1e28"):
        return text
    suffix = found["suffix"] or ""
    if suffix and suffix in BINARY and abs(value) >= 1024 and value == int(value):
        whole, power = int(value), 0
        while power < 60 and whole % 1024 == 0:
            whole, power = whole // 1024, power + 10
        return f"{whole}{next(name for name, one in BINARY.items() if one == power)}"
    exponent = -9
    whole = int(value.scaleb(9))
    if whole == 0:
        return "0"
    while exponent < 18 and whole % 1000 == 0:
        whole, exponent = whole // 1000, exponent + 3
    if found["exponent"]:
        return f"{whole}e{exponent}" if exponent else str(whole)
    return f"{whole}{next(name for name, one in DECIMAL.items() if one == exponent)}"
