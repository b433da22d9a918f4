"""The types of expressions, as the check follows them before there is a value."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.parser import parse
from emulator.apimanagement.policies.csharp.printing import type_name
from emulator.apimanagement.policies.expressions.types import canonical

Kind = syntax.Type | None  # None: only the value tells
STRING: Final = syntax.Type("string")
BOOL: Final = syntax.Type("bool")
INT: Final = syntax.Type("int")


@lru_cache(maxsize=1024)
def kind_of(text: str) -> Kind:
    """A type from the table of members."""
    if text in ("?", "R", "M", "D") or text == "void":
        return None
    shown = text.replace("?>", "unknown>").replace("<?,", "<unknown,")
    tree = parse(f"@(default({shown}))")
    return tree.type if isinstance(tree, syntax.Default) else None


def known(kind: Kind) -> Kind:
    """A type, None where it is one that says nothing, as `object` and `var`."""
    return (
        None
        if kind is None or (kind.name in ("unknown", "object", "dynamic", "var") and not kind.ranks)
        else kind
    )


def element_of(kind: Kind) -> Kind:
    """What `foreach` over a type gives."""
    if kind is None:
        return None
    if kind.ranks:
        return syntax.Type(kind.name, kind.arguments, kind.ranks[1:], kind.nullable)
    name = canonical(kind.name)
    if name == "string":
        return syntax.Type("char")
    if name in ("Dictionary", "IDictionary", "IReadOnlyDictionary"):
        return syntax.Type("KeyValuePair", kind.arguments)
    if name == "JObject":
        return syntax.Type("KeyValuePair", (STRING, syntax.Type("JToken")))
    if name in ("JArray", "JToken", "JProperty"):
        return syntax.Type("JToken")
    if name == "MatchCollection":
        return syntax.Type("Match")
    return known(kind.arguments[0]) if len(kind.arguments) == 1 else None


def lookup_name(kind: syntax.Type) -> str:
    """The name by which the table has a type."""
    return canonical(kind.name) + "[]" * len(kind.ranks)


def substituted(kind: syntax.Type, put: dict[str, Kind]) -> Kind:
    """A type with others in the place of its parameters, as of `T` and `K`."""
    if kind.name in put and not kind.arguments:
        inner = put[kind.name]
        if inner is None:
            return None if kind.ranks else syntax.Type("unknown")
        return syntax.Type(inner.name, inner.arguments, (*kind.ranks, *inner.ranks), inner.nullable)
    arguments = tuple(substituted(one, put) or syntax.Type("unknown") for one in kind.arguments)
    return syntax.Type(kind.name, arguments, kind.ranks, kind.nullable)


def shown(kind: Kind) -> str:
    """A type in an error's words."""
    return type_name(kind) if kind else "object"
