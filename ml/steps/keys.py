"""The one spelling of a row's id, which decides where the row belongs, whatever type and file it came in.

A text that spells a number is that number: 123 is 123 as a whole number, as the float 123.0 that a join makes
of it, as a decimal, and as the text "00123", "123.0" or "1.23E+02". Every other text is itself, without white
space around it and in Unicode's composed form (NFC).
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,5}))?")
INTEGER = re.compile(r"-?[0-9]{1,19}")
MOST_WITH_EXPONENT = 11  # digits: spreadsheets write longer numbers with an exponent, and drop digits
NOT_WHOLE = "no whole number"


def spelled(identifier: object) -> str:
    """The spelling of a key. Raises ValueError, in words, for what is neither a whole number nor text."""
    if isinstance(identifier, bool | np.bool_):
        raise ValueError("a boolean is no id")
    if isinstance(identifier, str):
        return _text(identifier)
    if isinstance(identifier, int | np.integer):
        return str(int(identifier))
    if isinstance(identifier, float | np.floating):
        return _float(identifier)
    if isinstance(identifier, Decimal) and identifier.is_finite():
        return _text(f"{identifier:f}")
    raise ValueError(f"neither a whole number nor text, but of the type {type(identifier).__name__}")


def _float(identifier: Any) -> str:
    if not math.isfinite(identifier) or identifier % 1 != 0:
        raise ValueError(NOT_WHOLE)
    exact = 2 ** (np.finfo(type(identifier)).nmant + 1)
    if abs(identifier) >= exact:
        raise ValueError(f"a float of {exact} or more may have lost digits: write whole numbers or text")
    return str(int(identifier))


def _text(identifier: str) -> str:
    text = unicodedata.normalize("NFC", identifier).strip()
    if not text:
        raise ValueError("an empty text is no id")
    found = NUMBER.fullmatch(text)
    sign, whole, fraction, power = found.groups() if found else ("", "", None, None)
    digits = f"{whole}{fraction or ''}"
    # Programs write an exponent with a point or a sign, so "12E5" is a code and no number.
    if not digits or (power is not None and fraction is None and not power.startswith("+")):
        return text
    number = _whole(digits.lstrip("0"), int(power or 0) - len(fraction or ""))
    if power is not None and len(number) > MOST_WITH_EXPONENT:
        raise ValueError(
            f"a number of more than {MOST_WITH_EXPONENT} digits that is written with an exponent may have "
            "lost digits: write all of them"
        )
    return f"-{number}" if sign == "-" and number != "0" else number


def _whole(digits: str, shift: int) -> str:
    """digits * 10 ** shift as digits. Raises ValueError when it is no whole number."""
    if not digits:
        return "0"
    if shift >= 0:
        return digits + "0" * shift
    if digits[shift:].strip("0"):
        raise ValueError(NOT_WHOLE)
    return digits[:shift]


def column(identifiers: Any) -> Any:
    """A pandas.Series of ids, none of them empty, with each as its key.

    The keys are 64-bit whole numbers where all of them are such, else text: the same ids make the same
    column. Raises ValueError that says which id has no spelling, and why.
    """
    if _fits(identifiers):
        return identifiers
    keys = [_named(identifier) for identifier in identifiers]
    if all(INTEGER.fullmatch(key) and -(2**63) <= int(key) < 2**63 for key in keys):
        return pd.Series([int(key) for key in keys], identifiers.index, np.int64, identifiers.name)
    return pd.Series(keys, identifiers.index, object, identifiers.name)


def _fits(identifiers: Any) -> bool:
    """Whether all of a column are whole numbers of 64 bits with a sign, as its type says or its values do."""
    if not isinstance(identifiers.dtype, np.dtype) or identifiers.dtype.kind not in "iu":
        return False
    return identifiers.dtype != np.uint64 or identifiers.empty or int(identifiers.max()) < 2**63


def _named(identifier: object) -> str:
    try:
        return spelled(identifier)
    except ValueError as error:
        shown = identifier.item() if isinstance(identifier, np.generic) else identifier
        raise ValueError(f"{str(shown)[:40]}: {error}") from error


def merged(identifiers: Any, keys: Any) -> tuple[str, str] | None:
    """The first two ids of a column that are written differently and have one key; None without any."""
    if keys is identifiers:
        return None
    written: dict[object, object] = {}
    for identifier, key in zip(identifiers, keys, strict=True):
        first = written.setdefault(key, identifier)
        if first != identifier:
            return str(first), str(identifier)
    return None
