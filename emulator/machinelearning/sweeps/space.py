"""Search spaces: what a sweep may say of each parameter, and how a value is drawn from it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from emulator.machinelearning.literals import as_text

Json = dict[str, Any]
LARGEST, LARGEST_EXPONENT = 1e15, 50


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
    """The arguments' names (in pipelines; jobs give them in this order), what is wrong with arguments, how a
    value is drawn."""

    names: tuple[str, ...]
    wrong: Callable[..., str]
    draw: Callable[..., Any]


def _choice(source: random.Random, values: tuple[Any, ...]) -> Any:
    return source.choice(values)


def _randint(source: random.Random, upper: float) -> int:
    return source.randrange(int(upper))


def _uniform(source: random.Random, low: float, high: float, q: float | None = None) -> float:
    return _stepped(source.uniform(low, high), q)


def _loguniform(source: random.Random, low: float, high: float, q: float | None = None) -> float:
    return _stepped(math.exp(source.uniform(low, high)), q)


def _normal(source: random.Random, mu: float, sigma: float, q: float | None = None) -> float:
    return _stepped(source.gauss(mu, sigma), q)


def _lognormal(source: random.Random, mu: float, sigma: float, q: float | None = None) -> float:
    return _stepped(math.exp(source.gauss(mu, sigma)), q)


def _stepped(value: float, q: float | None) -> float:
    """The nearest multiple of ``q``: a whole number for a whole ``q``."""
    return value if q is None else round(value / q) * q


def _no_choice(values: Any) -> str:
    if not isinstance(values, list) or not values:
        return f"a choice needs a list of values, not {values!r}"
    given = cast("list[Any]", values)
    inner = next((value for value in given if isinstance(value, dict | list)), None)
    return "" if inner is None else f"a choice of {inner!r} is not emulated; give texts, numbers or booleans"


def _no_bound(upper: float) -> str:
    return "" if upper >= 1 and upper == int(upper) else f"upper is {upper}: a whole number from 1 on"


def _no_range(low: float, high: float, q: float = 1) -> str:
    return _no_step(q) or (
        "" if low < high else f"the least value {low} is not less than the greatest {high}"
    )


def _no_spread(mu: float, sigma: float, q: float = 1) -> str:
    return _no_step(q) or ("" if sigma > 0 else f"sigma is {sigma}: it must be more than 0")


def _no_step(q: float) -> str:
    return "" if q >= 1 / LARGEST else f"q is {q}: it must be more than 0"


RANGE, SPREAD = ("min_value", "max_value"), ("mu", "sigma")
KINDS: Final[Mapping[str, Kind]] = {
    "choice": Kind(("values",), _no_choice, _choice),
    "randint": Kind(("upper",), _no_bound, _randint),
    "uniform": Kind(RANGE, _no_range, _uniform),
    "quniform": Kind((*RANGE, "q"), _no_range, _uniform),
    "loguniform": Kind(RANGE, _no_range, _loguniform),
    "qloguniform": Kind((*RANGE, "q"), _no_range, _loguniform),
    "normal": Kind(SPREAD, _no_spread, _normal),
    "qnormal": Kind((*SPREAD, "q"), _no_spread, _normal),
    "lognormal": Kind(SPREAD, _no_spread, _lognormal),
    "qlognormal": Kind((*SPREAD, "q"), _no_spread, _lognormal),
}


def read(body: Any) -> Distribution | str:
    """A distribution as jobs (``[kind, [arguments]]``) or pipelines (objects) spell it, or what is wrong."""
    arguments: list[Any]
    if isinstance(body, dict):
        members = cast("Json", body)
        name = str(members.get("type") or "")
        kind = KINDS.get(name)
        arguments = [members.get(argument) for argument in kind.names] if kind else []
    elif isinstance(body, list) and len(pair := cast("list[Any]", body)) == 2 and isinstance(pair[1], list):
        name, arguments = str(pair[0]), cast("list[Any]", pair[1])
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
        if argument != "values" and not abs(value) <= LARGEST:  # this refuses NaN as well
            return f"{argument} of {name} is {value!r}: a finite number is needed, at most {LARGEST:g}"
    wrong = kind.wrong(*arguments)
    if not wrong and "log" in name and max(arguments) > LARGEST_EXPONENT:
        wrong = f"{name} goes over powers of e: {max(arguments)!r} is more than {LARGEST_EXPONENT}"
    if wrong:
        return wrong
    kept = tuple(tuple(cast("list[Any]", one)) if isinstance(one, list) else one for one in arguments)
    return Distribution(name, kept)
