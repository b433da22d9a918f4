"""Search spaces: what a sweep may say of each parameter, and how a value is drawn from it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.machinelearning.literals import as_text

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Distribution:
    """``kind`` is a key of KINDS; ``arguments`` are in the order of its names."""

    kind: str
    arguments: tuple[Any, ...]

    def draw(self, source: random.Random) -> str:
        """A value, as a command sees it."""
        return as_text(KINDS[self.kind].draw(source, *self.arguments))

    @property
    def choices(self) -> list[str] | None:
        """The values, when they can be counted."""
        return [as_text(value) for value in self.arguments[0]] if self.kind == "choice" else None


@dataclass(frozen=True, slots=True)
class Kind:
    """The arguments' names (in pipelines; jobs give them in this order), what they must be, how one draws."""

    names: tuple[str, ...]
    wrong: Callable[..., str]
    draw: Callable[..., Any]


def _step(value: float, q: float) -> float:
    return round(value / q) * q


def _no_choice(values: Any) -> str:
    if not isinstance(values, list) or not values:
        return f"a choice needs a list of values, not {values!r}"
    inner = next((value for value in values if isinstance(value, dict | list)), None)
    return (
        f"a choice of {inner!r} is not emulated; give texts, numbers or booleans" if inner is not None else ""
    )


def _no_range(low: float, high: float, q: float = 1) -> str:
    return _no_step(q) or (
        "" if low < high else f"the least value {low} is not less than the greatest {high}"
    )


def _no_spread(mu: float, sigma: float, q: float = 1) -> str:
    return _no_step(q) or ("" if sigma > 0 else f"sigma is {sigma}: it must be more than 0")


def _no_step(q: float) -> str:
    return "" if q > 0 else f"q is {q}: it must be more than 0"


RANGE, SPREAD = ("min_value", "max_value"), ("mu", "sigma")
KINDS: Final[Mapping[str, Kind]] = {
    "choice": Kind(("values",), _no_choice, lambda source, values: source.choice(values)),
    "randint": Kind(
        ("upper",),
        lambda upper: (
            "" if upper >= 1 and upper == int(upper) else f"upper is {upper}: a whole number from 1 on"
        ),
        lambda source, upper: source.randrange(int(upper)),
    ),
    "uniform": Kind(RANGE, _no_range, lambda source, low, high: source.uniform(low, high)),
    "quniform": Kind(
        (*RANGE, "q"), _no_range, lambda source, low, high, q: _step(source.uniform(low, high), q)
    ),
    "loguniform": Kind(RANGE, _no_range, lambda source, low, high: math.exp(source.uniform(low, high))),
    "qloguniform": Kind(
        (*RANGE, "q"),
        _no_range,
        lambda source, low, high, q: _step(math.exp(source.uniform(low, high)), q),
    ),
    "normal": Kind(SPREAD, _no_spread, lambda source, mu, sigma: source.gauss(mu, sigma)),
    "qnormal": Kind(
        (*SPREAD, "q"), _no_spread, lambda source, mu, sigma, q: _step(source.gauss(mu, sigma), q)
    ),
    "lognormal": Kind(SPREAD, _no_spread, lambda source, mu, sigma: math.exp(source.gauss(mu, sigma))),
    "qlognormal": Kind(
        (*SPREAD, "q"),
        _no_spread,
        lambda source, mu, sigma, q: _step(math.exp(source.gauss(mu, sigma)), q),
    ),
}


def read(body: Any) -> Distribution | str:
    """A distribution as jobs (``[kind, [arguments]]``) or pipelines (objects) spell it, or what is wrong."""
    arguments: Sequence[Any]
    if isinstance(body, dict):
        name = str(body.get("type") or "")
        kind = KINDS.get(name)
        arguments = [body.get(argument) for argument in kind.names] if kind else []
    elif isinstance(body, list) and len(body) == 2 and isinstance(body[1], list):
        name, arguments = str(body[0]), body[1]
        kind = KINDS.get(name)
    else:
        return f"{body!r} is no distribution; use {', '.join(KINDS)}"
    if kind is None:
        return f"{name!r} is no distribution that is known; use {', '.join(KINDS)}"
    if len(arguments) != len(kind.names):
        return f"{name} has the arguments {', '.join(kind.names)}, not {list(arguments)!r}"
    for argument, value in zip(kind.names, arguments, strict=True):
        if argument != "values" and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"{argument} of {name} is {value!r}: a number is needed"
        if argument != "values" and not math.isfinite(value):
            return f"{argument} of {name} is {value!r}: a finite number is needed"
    wrong = kind.wrong(*arguments)
    if wrong:
        return wrong
    kept = tuple(tuple(value) if isinstance(value, list) else value for value in arguments)
    return Distribution(name, kept)
