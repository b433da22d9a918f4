"""Reads JSON of a known shape. Each value is checked when it is read; an error says where it stood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast


class JsonShapeError(ValueError):
    """A JSON value is not what its reader expects; the text starts with the JSON pointer of the value."""


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and its JSON pointer (RFC 6901) in the document it was read from."""

    value: object
    pointer: str = ""

    def error(self, detail: str) -> JsonShapeError:
        return JsonShapeError(f"{self.pointer or '/'}: {detail}")

    def _expected(self, what: str) -> JsonShapeError:
        return self.error(f"expected {what}, found {describe(self.value)}")

    def fields(self) -> dict[str, Node]:
        if not isinstance(self.value, dict):
            raise self._expected("an object")
        members = cast("dict[str, object]", self.value)
        return {name: Node(value, f"{self.pointer}/{escape(name)}") for name, value in members.items()}

    def field(self, name: str) -> Node:
        found = self.fields().get(name)
        if found is None:
            raise self.error(f"the member {name!r} is missing")
        return found

    def items(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            raise self._expected("an array")
        for index, value in enumerate(cast("list[object]", self.value)):
            yield Node(value, f"{self.pointer}/{index}")

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self._expected("a string")
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self._expected("true or false")
        return self.value

    def integer(self, minimum: int | None = None) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self._expected("an integer")
        if minimum is not None and self.value < minimum:
            raise self.error(f"{self.value} is less than {minimum}")
        return self.value

    def number(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._expected("a number")
        return float(self.value)

    def texts(self) -> dict[str, str]:
        return {name: node.text() for name, node in self.fields().items()}

    def numbers(self) -> dict[str, float]:
        return {name: node.number() for name, node in self.fields().items()}


def escape(token: str) -> str:
    """A member name as one token of a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def describe(value: object) -> str:
    """A short name of a JSON value for an error text; never more than 60 characters of the value itself."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the string {value[:60]!r}"
        case int() | float():
            return f"the number {str(value)[:60]}"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return type(value).__name__
