"""Bounds that a model must keep to be registered, and whether the figures of its card hold them.

On the command line they are one word: `minimum_roc_auc=0.7,maximum_equalised_odds_difference.sex=0.1`, or
`none`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from ml.steps.about import ATTRIBUTES
from ml.steps.digits import told_apart
from ml.steps.errors import StepError

NONE = "none"
ABOUT_FILE = "ml/steps/about.py"
Side = Literal["minimum", "maximum"]
FAIRNESS = ("equalised_odds_difference", "demographic_parity_difference")
# Where in a card a bounded figure stands.
FIGURES: dict[str, tuple[str, ...]] = {
    "minimum_roc_auc": ("metrics", "roc_auc"),
    "maximum_log_loss": ("metrics", "log_loss"),
    "maximum_calibration_error": ("calibration", "error"),
    "maximum_outlier_share_deviation": ("outliers", "share_deviation"),
    **{
        f"maximum_{difference}.{attribute}": ("fairness", "attributes", attribute, difference)
        for difference in FAIRNESS
        for attribute in ATTRIBUTES
    },
}
# The greatest limit that makes sense: of shares and differences of shares, 1.
GREATEST: dict[str, float] = {name: 1.0 for name in FIGURES if name != "maximum_log_loss"}


@dataclass(frozen=True, slots=True)
class Bound:
    """`name` is one of FIGURES and begins with its side."""

    name: str
    limit: float

    @property
    def side(self) -> Side:
        return cast("Side", self.name.partition("_")[0])


@dataclass(frozen=True, slots=True)
class Finding:
    """`found` is None when the figure could not be measured: then the bound does not hold."""

    name: str
    limit: float
    found: float | None
    holds: bool

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "limit": self.limit, "found": self.found, "holds": self.holds}


def attribute_of(name: str) -> str:
    """The same name. Raises ValueError when about.py has no such attribute: its bound could never hold."""
    if name not in ATTRIBUTES:
        known = f"expected one of {', '.join(ATTRIBUTES)}" if ATTRIBUTES else "it has none"
        raise ValueError(f"{name!r} is no attribute of {ABOUT_FILE}: {known}")
    return name


def limit_of(name: str, value: object) -> float:
    """The limit of a bound, one of FIGURES. Raises ValueError when the value is no limit of it."""
    return limit_up_to(GREATEST.get(name), value)


def limit_up_to(greatest: float | None, value: object) -> float:
    """A limit of at most `greatest`, with None any finite one. Raises ValueError when the value is none."""
    most = sys.float_info.max if greatest is None else greatest
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        wanted = "a finite number from 0 on" if greatest is None else f"a number from 0 to {greatest:g}"
        raise ValueError(f"expected {wanted}")
    return float(value)


def parse(text: str) -> tuple[Bound, ...]:
    """Raises StepError naming the bound that is unknown or has no limit."""
    if text.strip() == NONE:
        return ()
    found: list[Bound] = []
    for item in text.split(","):
        name, _, value = item.strip().partition("=")
        figure, _, attribute = name.partition(".")
        if attribute and figure.partition("_")[2] in FAIRNESS:
            _known(name, attribute)
        if name not in FIGURES:
            raise StepError(f"bounds: {name!r} is none that is known: expected one of {', '.join(FIGURES)}")
        limit = _number(value)
        try:
            found.append(Bound(name, limit_of(name, limit)))
        except ValueError as error:
            raise StepError(f"bounds: {name} is {limit!r}: {error}") from error
    return tuple(found)


def _known(name: str, attribute: str) -> None:
    try:
        attribute_of(attribute)
    except ValueError as error:
        raise StepError(f"bounds: {name}: {error}") from error


def _number(text: str) -> float | str:
    """The number that a text is; another text is itself."""
    try:
        return float(text)
    except ValueError:
        return text


def text_of(bounds: Sequence[Bound]) -> str:
    """The bounds as the text that `parse` reads."""
    return ",".join(f"{bound.name}={bound.limit!r}" for bound in bounds) or NONE


def check(card: Mapping[str, Any], bounds: Sequence[Bound]) -> list[Finding]:
    """A finding for each bound, with the figure that the card has."""
    return [_finding(bound, _figure(card, FIGURES[bound.name])) for bound in bounds]


def _finding(bound: Bound, found: float | None) -> Finding:
    if found is None or math.isnan(found):
        return Finding(bound.name, bound.limit, None, holds=False)
    holds = found >= bound.limit if bound.side == "minimum" else found <= bound.limit
    return Finding(bound.name, bound.limit, found, holds)


def _figure(card: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = card
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return None if value is None else float(value)


def broken(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The findings of a card that do not hold, in words."""
    words: list[str] = []
    for finding in findings:
        if finding["holds"]:
            continue
        side = "least" if str(finding["name"]).startswith("minimum") else "most"
        found, allowed = told_apart(finding["found"], finding["limit"])
        value = "could not be measured" if found is None else f"is {found}"
        words.append(f"{finding['name']} {value}, at {side} {allowed} is allowed")
    return words
