"""What breaks the input contract: each defect names the place of its value and says what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeVar, cast
from urllib.parse import quote

import numpy as np

from scoring.model.schema import (
    CategoryFeature,
    NumberFeature,
    limit_text,
)
from scoring.model.typed_json import describe, escape

Code = Literal[
    "unknown_member",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "out_of_range",
    "unknown_category",
    "wrong_length",
]
Item = TypeVar("Item")
MAX_ERRORS = 50  # the encoder stops after one more, since a body may hold 100,000s of wrong values
PLAIN = "!$&'()*+,;=:@/?~"  # beside letters, digits and "-._": what a URI fragment may hold as it is


@dataclass(frozen=True, slots=True)
class FieldError:
    """One defect of a request; `pointer` is the JSON pointer of the value, as a URI fragment."""

    pointer: str
    code: Code
    detail: str

    def to_json(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


class ContractError(Exception):
    """The request breaks the contract. At most MAX_ERRORS defects are listed; `more`: there are others."""

    def __init__(self, errors: list[FieldError]) -> None:
        count = f"more than {MAX_ERRORS}" if len(errors) > MAX_ERRORS else str(len(errors))
        super().__init__(f"{count} values break the input contract")
        self.errors = errors[:MAX_ERRORS]
        self.more = len(errors) > MAX_ERRORS


class TooManyRowsError(Exception):
    """The request holds more rows than one request may."""

    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(f"{rows} rows in one request, at most {limit} are taken")


def fragment(name: str) -> str:
    """A member name as one token of a JSON pointer in a URI fragment (RFC 6901, section 6)."""
    return quote(escape(name), safe=PLAIN, errors="replace")


def first_few(items: Iterable[Item]) -> list[Item]:
    """The defects that an error lists, and one more, by which it knows that there are more."""
    return list(islice(items, MAX_ERRORS + 1))


def explain_value(feature: NumberFeature | CategoryFeature, value: object, pointer: str) -> FieldError:
    """Says why a value, which is none of the feature's, is not taken."""
    if isinstance(feature, CategoryFeature):
        known = ", ".join(map(repr, feature.categories))
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return FieldError(pointer, "wrong_type", f"expected one of {known}, found {describe(value)}")
        return FieldError(pointer, "unknown_category", f"expected one of {known}, found {describe(value)}")
    kind = "integer" if feature.integer else "number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return FieldError(pointer, "wrong_type", f"expected {_an(kind)}, found {describe(value)}")
    if feature.minimum <= value <= feature.maximum:
        return FieldError(pointer, "wrong_type", f"expected an integer, found {describe(value)}")
    limits = f"from {limit_text(feature.minimum)} to {limit_text(feature.maximum)}"
    return FieldError(pointer, "out_of_range", f"expected {_an(kind)} {limits}, found {describe(value)}")


def _an(kind: str) -> str:
    return f"an {kind}" if kind == "integer" else f"a {kind}"


def what_is(value: object) -> str:
    """A value in words, where an array of at least one was expected."""
    if isinstance(value, list | np.ndarray) and not len(cast("list[object]", value)):
        return "an empty array"
    return describe(value)
