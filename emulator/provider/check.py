"""Validation of inputs against the SDK's schema.

Stricter than Azure's own provider: unknown properties and values outside closed enums are errors, at any
depth, each named by its path; an enum's value in another case, which Azure takes, is a warning. Secret values
are never printed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.provider.references import written
from emulator.provider.schema import Properties, Resource, Type
from emulator.provider.values import UNKNOWN, Opaque, Secret, unwrap
from emulator.provider.variants import choose, discriminator, is_undecided

_WORDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "list": "an array",
    "map": "an object",
    "object": "an object",
    "asset": "an asset or archive",
}
_SHOWN = 60
# Values of open enums that the SDK does not list and Azure documents, with where and when that was read.
_DOCUMENTED = {
    "Microsoft-ContainerInsights-Group-Default": "Microsoft Learn, Container insights, its rule; 2026-11",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """path: `containers[0].image`; error: False for what Azure may still accept (a value of an open enum)."""

    path: str
    text: str
    error: bool = True

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def check_inputs(schema: Resource, inputs: dict[str, Any]) -> Iterator[Finding]:
    """Everything wrong with the inputs; those that begin with `__` are the provider's own."""
    visible = {name: value for name, value in inputs.items() if not name.startswith("__")}
    yield from _object(schema, schema.inputs, visible, "")


def _object(schema: Resource, declared: Properties, value: dict[str, Any], path: str) -> Iterator[Finding]:
    for name, item in declared.items():
        if item.required and unwrap(value.get(name)) is None:
            yield Finding(_join(path, name), f"is required: {_expected(item.type)}")
    for name, item in value.items():
        where = _join(path, name)
        if name in declared:
            yield from _value(schema, declared[name].type, item, where)
        else:
            yield Finding(where, f"is not a property here{_nearest(name, declared)}")


def _value(schema: Resource, of: Type, value: Any, path: str) -> Iterator[Finding]:
    hidden = isinstance(value, Secret)
    value = unwrap(value)
    if value is None or value is UNKNOWN or of.kind == "any":
        return
    match of.kind:
        case "union":
            yield from _union(schema, of, value, path, hidden)
        case "enum" if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield from _enum(of, value, path, hidden)
        case "list" if isinstance(value, list) and of.item:
            for index, item in enumerate(value):
                yield from _value(schema, of.item, item, f"{path}[{index}]")
        case "map" if isinstance(value, dict) and of.item:
            for name, item in value.items():
                yield from _value(schema, of.item, item, _join(path, name))
        case "object" if isinstance(value, dict):
            declared = schema.properties(of)
            yield from _object(schema, declared, written(declared, value), path)
        case _:
            if not _fits(of, value):
                shown = "a secret" if hidden else _describe(value)
                yield Finding(path, f"must be {_expected(of)}, got {shown}")


def _fits(of: Type, value: Any) -> bool:
    match of.kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "asset":
            return isinstance(value, Opaque)
        case _:
            return False


def _enum(of: Type, value: str | int | float, path: str, hidden: bool) -> Iterator[Finding]:
    if value in of.values or (of.open and value in _DOCUMENTED):
        return
    known = [str(item) for item in of.values]
    folded = {item.lower(): item for item in known}
    near = folded.get(str(value).lower()) or next(iter(difflib.get_close_matches(str(value), known, 1)), None)
    hint = f"; did you mean {near!r}?" if near else ""
    shown = "the secret value" if hidden else repr(value)
    other_case = str(value).lower() in folded  # Azure takes it
    yield Finding(
        path,
        f"{shown} is not one of {_clip(', '.join(known), 300)}{hint}",
        error=not (of.open or other_case),
    )


def _union(schema: Resource, of: Type, value: Any, path: str, hidden: bool) -> Iterator[Finding]:
    if isinstance(value, dict) and any(option.kind == "object" for option in of.options):
        option = choose(schema, of, value)
        if option is not None:
            yield from _value(schema, option, value, path)
        elif not is_undecided(schema, of, value) and not any(option.kind == "map" for option in of.options):
            yield _no_variant(schema, of, value, path)
        return
    attempts = [list(_value(schema, option, value, path)) for option in of.options]
    if all(any(finding.error for finding in attempt) for attempt in attempts):
        shown = "a secret" if hidden else _describe(value)
        yield Finding(path, f"must be {_expected(of)}, got {shown}")


def _no_variant(schema: Resource, of: Type, value: dict[str, Any], path: str) -> Finding:
    accepted: dict[str, list[str]] = {}
    for option in of.options:
        for name, constant in discriminator(schema, option).items():
            accepted.setdefault(name, []).append(constant)
    name, constants = max(accepted.items(), key=lambda item: len(item[1]))
    where, given = _join(path, name), unwrap(value.get(name))
    listed = _clip(", ".join(sorted(constants)), 300)
    if given is None:
        return Finding(where, f"is required, it says which type this is: one of {listed}")
    near = next(iter(difflib.get_close_matches(str(given), constants, 1)), None)
    hint = f"; did you mean {near!r}?" if near else ""
    return Finding(where, f"{_describe(value.get(name))} is not one of {listed}{hint}")


def _nearest(name: str, declared: Properties) -> str:
    camel = "".join(word if index == 0 else word.capitalize() for index, word in enumerate(name.split("_")))
    near = [camel] if camel in declared else difflib.get_close_matches(name, declared, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known here: {_clip(', '.join(sorted(declared)), 200)}"


def _expected(of: Type) -> str:
    if of.kind == "enum":
        return f"{'a string such as' if of.open else 'one of'} {_clip(', '.join(map(str, of.values)), 200)}"
    if of.kind == "union":
        return " or ".join(dict.fromkeys(_expected(option) for option in of.options))
    return _WORDS.get(of.kind, "a value")


def _describe(value: Any) -> str:
    match value:
        case Secret():
            return "a secret"
        case bool():
            return f"the boolean {str(value).lower()}"
        case str():
            return f"the string {_clip(value, _SHOWN)!r}"
        case int() | float():
            return f"the number {value}"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "something else"


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}..."


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
