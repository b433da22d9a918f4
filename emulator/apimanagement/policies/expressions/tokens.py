"""LINQ to JSON: JObject, JArray, JValue and JProperty as Newtonsoft has them, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from emulator.apimanagement.policies.expressions import clock, formats
from emulator.apimanagement.policies.expressions.values import Anonymous, Char, Dict, Thrown, full_name

NEWLINE: Final = "\r\n"
MAX_DEPTH: Final = 100


class JToken:
    """Anything of a JSON document; parent: what holds it."""

    kind = "JToken"

    def __init__(self) -> None:
        self.parent: JToken | None = None

    def children(self) -> list[JToken]:
        """What stands directly inside it."""
        return []

    def __iter__(self) -> Iterator[JToken]:
        return iter(self.children())

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def plain(self) -> Any:
        """As Python has it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return written(self, indented=True)

    def remove(self, child: JToken) -> None:
        """Take a child out."""
        raise Thrown("System.InvalidOperationException", "The parent is missing.")

    def replace(self, child: JToken, other: JToken) -> None:
        """Put another in a child's place."""
        raise Thrown("System.InvalidOperationException", "The parent is missing.")


class JValue(JToken):
    """A value: text, number, truth, date or null."""

    kind = "JValue"

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    @property
    def token_type(self) -> str:
        """As `JTokenType` names it."""
        value = self.value
        if value is None:
            return "Null"
        if isinstance(value, bool):
            return "Boolean"
        if isinstance(value, int):
            return "Integer"
        if isinstance(value, str):
            return "String"
        if isinstance(value, clock.DateTime | clock.DateTimeOffset):
            return "Date"
        return {"Guid": "Guid", "TimeSpan": "TimeSpan", "Uri": "Uri"}.get(full_name(value), "Float")

    def plain(self) -> Any:
        return self.value

    def __str__(self) -> str:
        return formats.text(self.value)


class JProperty(JToken):
    """A name with its value."""

    kind = "JProperty"
    token_type = "Property"  # noqa: S105 - a kind of token

    def __init__(self, name: str, value: JToken) -> None:
        super().__init__()
        self.name = name
        self.value = self._held(value)

    def _held(self, value: JToken) -> JToken:
        held = value if value.parent is None else copied(value)
        held.parent = self
        return held

    def set(self, value: JToken) -> None:
        """Give it another value."""
        self.value = self._held(value)

    def children(self) -> list[JToken]:
        return [self.value]

    def replace(self, child: JToken, other: JToken) -> None:
        self.set(other)

    def __str__(self) -> str:
        return f"{json.dumps(self.name, ensure_ascii=False)}: {written(self.value, indented=True)}"


class JObject(JToken):
    """Properties by their names, in order."""

    kind = "JObject"
    token_type = "Object"  # noqa: S105 - a kind of token

    def __init__(self) -> None:
        super().__init__()
        self.properties: dict[str, JProperty] = {}

    def children(self) -> list[JToken]:
        return list(self.properties.values())

    def pairs_of(self) -> Iterator[tuple[str, JToken]]:
        """Names with values."""
        return ((one.name, one.value) for one in self.properties.values())

    def get(self, name: Any) -> JToken | None:
        """A property's value, None where there is no such property."""
        if not isinstance(name, str):
            raise Thrown(
                "System.ArgumentException",
                f"Accessed JObject values with invalid key value: {formats.text(name)}. "
                "Object property name expected.",
            )
        found = self.properties.get(name)
        return found.value if found else None

    def set(self, name: str, value: JToken) -> None:
        """Set a property, which is made where it is not there."""
        if name in self.properties:
            self.properties[name].set(value)
        else:
            self.add(JProperty(name, value))

    def add(self, item: JProperty) -> None:
        """One more property. ArgumentException where its name is there."""
        if item.name in self.properties:
            raise Thrown(
                "System.ArgumentException",
                f"Can not add property {item.name} to Newtonsoft.Json.Linq.JObject. Property with the same "
                "name already exists on object.",
            )
        if item.parent is not None:
            item = JProperty(item.name, item.value)
        item.parent = self
        self.properties[item.name] = item

    def remove(self, child: JToken) -> None:
        if isinstance(child, JProperty):
            self.properties.pop(child.name, None)
            child.parent = None

    def plain(self) -> Any:
        return {one.name: one.value.plain() for one in self.properties.values()}


class JArray(JToken):
    """Tokens in order."""

    kind = "JArray"
    token_type = "Array"  # noqa: S105 - a kind of token

    def __init__(self) -> None:
        super().__init__()
        self.items: list[JToken] = []

    def children(self) -> list[JToken]:
        return list(self.items)

    def get(self, index: Any) -> JToken:
        """The token at an index."""
        if not isinstance(index, int):
            raise Thrown(
                "System.ArgumentException",
                f'Accessed JArray values with invalid key value: "{formats.text(index)}". '
                "Int32 array index expected.",
            )
        self._check(index)
        return self.items[index]

    def set(self, index: int, value: JToken) -> None:
        """Put another token at an index."""
        self._check(index)
        self.items[index].parent = None
        self.items[index] = self._held(value)

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.items):
            raise Thrown(
                "System.ArgumentOutOfRangeException",
                "Index was out of range. Must be non-negative and less than the size of the collection.\r\n"
                "Parameter name: index",
            )

    def _held(self, value: JToken) -> JToken:
        held = value if value.parent is None else copied(value)
        held.parent = self
        return held

    def add(self, value: JToken, at: int | None = None) -> None:
        """One more token, at the end."""
        self.items.insert(len(self.items) if at is None else at, self._held(value))

    def remove(self, child: JToken) -> None:
        self.items = [one for one in self.items if one is not child]
        child.parent = None

    def replace(self, child: JToken, other: JToken) -> None:
        self.items = [self._held(other) if one is child else one for one in self.items]

    def plain(self) -> Any:
        return [one.plain() for one in self.items]


def token(value: Any, depth: int = 0) -> JToken:
    """Any value as a token, as `JToken.FromObject` makes it."""
    if depth > MAX_DEPTH:
        raise Thrown("Newtonsoft.Json.JsonSerializationException", "Self referencing loop detected.")
    if isinstance(value, JToken):
        return value
    if isinstance(value, Char):
        return JValue(str(value))
    if isinstance(value, Dict | Anonymous):
        made = JObject()
        for name, one in value.items():
            made.set(formats.text(name), token(one, depth + 1))
        return made
    if isinstance(value, bytearray):
        from base64 import b64encode

        return JValue(b64encode(value).decode())
    if isinstance(value, list):
        array = JArray()
        for one in value:
            array.add(token(one, depth + 1))
        return array
    if isinstance(value, int | float | str) or value is None:
        return JValue(value)
    if isinstance(value, clock.DateTime | clock.DateTimeOffset):
        return JValue(value)
    return JValue(formats.text(value))


def copied(value: JToken) -> JToken:
    """A copy that nothing holds."""
    if isinstance(value, JObject):
        made = JObject()
        for name, one in value.pairs_of():
            made.set(name, copied(one))
        return made
    if isinstance(value, JArray):
        array = JArray()
        for one in value.items:
            array.add(copied(one))
        return array
    if isinstance(value, JProperty):
        return JProperty(value.name, copied(value.value))
    return JValue(value.plain())


def written(value: JToken, *, indented: bool) -> str:
    """As `ToString(Formatting)`; a value alone is written as JSON too."""
    return _written(value, "" if indented else None)


def _written(value: JToken, indent: str | None) -> str:
    if isinstance(value, JObject):
        colon = ": " if indent is not None else ":"
        parts = [
            f"{json.dumps(name, ensure_ascii=False)}{colon}{_written(one, _more(indent))}"
            for name, one in value.pairs_of()
        ]
        return _bracketed("{", "}", parts, indent)
    if isinstance(value, JArray):
        return _bracketed("[", "]", [_written(one, _more(indent)) for one in value.items], indent)
    if isinstance(value, JProperty):
        return f"{json.dumps(value.name, ensure_ascii=False)}:{_written(value.value, indent)}"
    plain = value.plain()
    if isinstance(plain, bool) or plain is None:
        return json.dumps(plain)
    if isinstance(plain, int):
        return str(int(plain))
    if isinstance(plain, float):
        shown = formats.text(plain)
        return shown if "." in shown or "E" in shown else f"{shown}.0"
    if isinstance(plain, str):
        return json.dumps(str(plain), ensure_ascii=False)
    if isinstance(plain, clock.DateTime):
        return (
            f'"{clock.written(plain, "yyyy-MM-ddTHH:mm:ss.FFFFFFFK").replace(".Z", "Z").removesuffix(".")}"'
        )
    if isinstance(plain, clock.DateTimeOffset):
        shown = clock.written(plain, "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz")
        return f'"{shown.replace(".+", "+").replace(".-", "-")}"'
    return json.dumps(formats.text(plain), ensure_ascii=False)


def _more(indent: str | None) -> str | None:
    return None if indent is None else indent + "  "


def _bracketed(opening: str, closing: str, parts: list[str], indent: str | None) -> str:
    if not parts:
        return opening + closing
    if indent is None:
        return opening + ",".join(parts) + closing
    inner = f",{NEWLINE}".join(f"{indent}  {part}" for part in parts)
    return f"{opening}{NEWLINE}{inner}{NEWLINE}{indent}{closing}"


def element(value: JToken, key: Any) -> JToken | None:
    """`value[key]`."""
    if isinstance(value, JObject | JArray):
        return value.get(key)
    if isinstance(value, JProperty) and isinstance(value.value, JObject | JArray):
        return value.value.get(key)
    raise Thrown(
        "System.InvalidOperationException",
        f"Cannot access child value on {full_name(value)}.",
    )
