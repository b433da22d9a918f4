"""What a rule is, what it finds, and how it reads inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from infra.graph.model import Graph, Resource


class _Missing:
    def __repr__(self) -> str:
        return "not set"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over one resource of these types.

    reason: why it is asked. stands_for: ids of Checkov (CKV…) or PSRule (AZR…, Azure…) that ask the same.
    check: what is wrong, one sentence each. path: the input that it looks at, when it is a single one.
    """

    id: str
    types: tuple[str, ...]
    reason: str
    stands_for: tuple[str, ...]
    check: Callable[[Resource], Iterator[str]]
    path: str = ""


@dataclass(frozen=True, slots=True)
class GraphRule:
    """A rule over the whole graph. check: the resource, and what is wrong with it."""

    id: str
    reason: str
    stands_for: tuple[str, ...]
    check: Callable[[Graph], Iterator[tuple[Resource, str]]]


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a rule found. path: the input, where the rule looks at a single one."""

    rule: str
    resource: Resource
    message: str
    path: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.rule, self.resource.identity, self.message


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a value has to be, in words and as a test."""

    words: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One secure input of a type. path: wire names joined by "."; "*" is each item of a list."""

    id: str
    path: str
    wanted: Expectation
    stands_for: tuple[str, ...]
    reason: str


def secure(types: str | tuple[str, ...], *rows: Row) -> tuple[Rule, ...]:
    """A rule for each row: the input is set, and as it has to be; Azure's defaults are not relied on."""
    chosen = (types,) if isinstance(types, str) else types
    return tuple(Rule(row.id, chosen, row.reason, row.stands_for, _check(row), row.path) for row in rows)


def _check(row: Row) -> Callable[[Resource], Iterator[str]]:
    def check(resource: Resource) -> Iterator[str]:
        for path, value in values(resource.inputs, row.path):
            if not row.wanted.holds(value):
                yield f"{path} is {shown(value)}, and has to be {row.wanted.words}"

    return check


def values(inputs: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each value at a path, with its own path; MISSING where there is none."""
    yield from _walk(inputs, path.split("."), "")


def _walk(value: Any, keys: list[str], at: str) -> Iterator[tuple[str, Any]]:
    if not keys:
        yield at, value
        return
    key, *rest = keys
    if key == "*":
        items: list[Any] = value if isinstance(value, list) else []
        for place, item in enumerate(items):
            name = item.get("name", place) if isinstance(item, dict) else place
            yield from _walk(item, rest, f"{at}[{name}]")
        return
    inner = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    here = f"{at}.{key}" if at else key
    if inner is MISSING:
        yield here, MISSING
    else:
        yield from _walk(inner, rest, here)


def read(inputs: Any, path: str) -> Any:
    """The value at a path without "*"."""
    return next(value for _, value in values(inputs, path))


def shown(value: Any) -> str:
    """A value as a reader wants it; never longer than a line."""
    text = repr(value) if isinstance(value, str | _Missing) or value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


# expectations


def equals(*wanted: Any) -> Expectation:
    """One of these values, of the same type."""
    words = " or ".join(shown(each) for each in wanted)
    return Expectation(words, lambda value: any(value == w and type(value) is type(w) for w in wanted))


def at_least(lowest: int) -> Expectation:
    return Expectation(f"at least {lowest}", lambda value: _number(value) and value >= lowest)


def at_most(highest: int) -> Expectation:
    return Expectation(f"at most {highest}", lambda value: _number(value) and value <= highest)


def between(lowest: int, highest: int) -> Expectation:
    return Expectation(f"{lowest} to {highest}", lambda value: _number(value) and lowest <= value <= highest)


def absent_or(*wanted: Any) -> Expectation:
    same = equals(*wanted)
    return Expectation(f"left out, or {same.words}", lambda value: value is MISSING or same.holds(value))


def given() -> Expectation:
    return Expectation("given", lambda value: value is not MISSING and value not in ("", None, [], {}))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
