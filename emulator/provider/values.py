"""Pulumi's property values as plain Python: dict, list, str, int, float, bool, None, and three kinds more.

`UNKNOWN` stands for what a preview cannot know, `Secret` wraps a value that must not be shown, `Opaque` keeps
assets, archives and references as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the protocol's signature of a secret
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


class _Unknown:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value; its text never shows in messages."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that is passed on untouched."""

    raw: struct_pb2.Value

    def __repr__(self) -> str:
        return "<asset>"


def decode(value: struct_pb2.Value) -> Any:
    """From the wire. Output values become their content; one without content is unknown."""
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_TEXT else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_object(value)
        case _:
            return None


def _decode_object(value: struct_pb2.Value) -> Any:
    fields = value.struct_value.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else None
    if signature is None:
        return decode_fields(value.struct_value)
    if signature == _SECRET:
        return secret(decode(fields["value"]))
    if signature == _OUTPUT:
        content = decode(fields["value"]) if "value" in fields else UNKNOWN
        return secret(content) if "secret" in fields and fields["secret"].bool_value else content
    return Opaque(value)


def decode_fields(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties of a message."""
    return {name: decode(item) for name, item in struct.fields.items()}


def encode(value: Any) -> struct_pb2.Value:
    """To the wire. Raises TypeError for what Pulumi has no value for."""
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case _Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN_TEXT)
        case Secret():
            fields = {_SIGNATURE: struct_pb2.Value(string_value=_SECRET), "value": encode(value.value)}
            return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
        case Opaque():
            return value.raw
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case dict():
            return struct_pb2.Value(struct_value=encode_fields(value))
        case list() | tuple():
            items = [encode(item) for item in value]
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
        case _:
            raise TypeError(f"a {type(value).__name__} is no Pulumi property value")


def encode_fields(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The properties as a message."""
    return struct_pb2.Struct(fields={name: encode(value) for name, value in values.items()})


def secret(value: Any) -> Secret:
    """Mark a value; marks do not pile up."""
    return value if isinstance(value, Secret) else Secret(value)


def unwrap(value: Any) -> Any:
    """The value without its own mark (those inside stay)."""
    return value.value if isinstance(value, Secret) else value


def plain(value: Any) -> Any:
    """The value without marks at any depth."""
    return _rebuild(unwrap(value), plain)


def _rebuild(value: Any, of: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: of(item) for name, item in value.items()}
    return [of(item) for item in value] if isinstance(value, list) else value


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar of a value, marks and unknowns included."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value
        if isinstance(value, Secret):
            yield from leaves(value.value)


def has_unknown(value: Any) -> bool:
    """Whether anything in it is unknown."""
    return any(leaf is UNKNOWN for leaf in leaves(value))


def has_secret(value: Any) -> bool:
    """Whether anything in it is marked."""
    return any(isinstance(leaf, Secret) for leaf in leaves(value))


def mark_like(value: Any, pattern: Any) -> Any:
    """`value` with the marks of `pattern` at the same places.

    Items of lists are matched by `name` where both sides have one, else by position. Where the shapes differ
    and the pattern holds a secret, the whole value is marked.
    """
    if isinstance(pattern, Secret):
        return secret(value)
    if not has_secret(pattern) or isinstance(value, Secret) or value is None:
        return value
    if isinstance(pattern, dict) and isinstance(value, dict):
        return {name: mark_like(item, pattern.get(name)) for name, item in value.items()}
    if isinstance(pattern, list) and isinstance(value, list):
        named = {item["name"]: item for item in pattern if isinstance(item, dict) and _is_name(item)}
        if named and all(isinstance(item, dict) and item.get("name") in named for item in value):
            return [mark_like(item, named[item["name"]]) for item in value]
        if len(pattern) == len(value):
            return [mark_like(item, one) for item, one in zip(value, pattern, strict=True)]
    return secret(value)


def _is_name(item: dict[str, Any]) -> bool:
    return isinstance(item.get("name"), str)


def mark_equal(value: Any, secrets: set[str]) -> Any:
    """`value` with every string that equals a secret marked, wherever it turns up."""
    if isinstance(value, str):
        return secret(value) if value in secrets else value
    return value if isinstance(value, Secret) else _rebuild(value, lambda item: mark_equal(item, secrets))


def secret_texts(value: Any, shortest: int = 8) -> set[str]:
    """The marked strings in a value that are long enough not to be met by chance."""
    return {
        text
        for leaf in leaves(value)
        if isinstance(leaf, Secret)
        for text in leaves(leaf.value)
        if isinstance(text, str) and len(text) >= shortest
    }
