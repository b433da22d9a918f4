"""How a type and its members are declared: once for the check at deployment and for the evaluation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

UNKNOWN: Final = "?"
Call = Callable[..., Any]  # what C# calls: a lambda, a local function, a method without its brackets


@dataclass(frozen=True)
class Member:
    """A member; returns: its type as C# writes it. `T` is the element, `K` and `V` are key and value of what
    it belongs to, `M` the method's own type argument, `R` what its lambda returns, `D` the type argument, the
    default's type or V (of headers a text), `?` what only its value tells.

    run: takes the value that the member belongs to (not of statics), and the arguments. generic: it is given
    the method's type arguments as `types`.
    """

    returns: str
    run: Callable[..., Any]
    call: bool = False
    generic: bool = False
    own: bool = True  # whether the first parameter is the value

    @cached_property
    def arity(self) -> tuple[int, int]:
        """The least and the most arguments."""
        least, most = 0, 0
        for one in inspect.signature(self.run).parameters.values():
            if one.kind is one.VAR_POSITIONAL:
                most = 1000
            elif one.kind is one.POSITIONAL_OR_KEYWORD:
                most += 1
                least += one.default is one.empty
        return least - self.own, most - self.own

    @cached_property
    def names(self) -> frozenset[str]:
        """The parameters that can be named."""
        found = inspect.signature(self.run).parameters.values()
        return frozenset(one.name for one in found if one.kind is one.POSITIONAL_OR_KEYWORD)


def prop(returns: str, run: Callable[[Any], Any]) -> Member:
    """A property of a value."""
    return Member(returns, run)


def method(returns: str, run: Callable[..., Any], *, generic: bool = False) -> Member:
    """A method of a value."""
    return Member(returns, run, call=True, generic=generic)


def constant(returns: str, run: Callable[[], Any]) -> Member:
    """A static property or field."""
    return Member(returns, run, own=False)


def function(returns: str, run: Callable[..., Any], *, generic: bool = False) -> Member:
    """A static method, or a constructor."""
    return Member(returns, run, call=True, generic=generic, own=False)


@dataclass(frozen=True)
class TypeInfo:
    """A type; name: as expressions write it, without its namespace. bases: whose members it has too.

    make: its constructor, None where there is none. set: the properties that an initialiser may set.
    """

    name: str
    full: str
    bases: tuple[str, ...] = ()
    members: Mapping[str, Member] = field(default_factory=dict[str, Member])
    statics: Mapping[str, Member] = field(default_factory=dict[str, Member])
    make: Member | None = None
    set: Mapping[str, Callable[[Any, Any], None]] = field(
        default_factory=dict[str, Callable[[Any, Any], None]]
    )
    index: str | None = None  # what `value[key]` has as its type


TYPES: Final[dict[str, TypeInfo]] = {}
ALIASES: Final = {
    "Boolean": "bool",
    "Byte": "byte",
    "Char": "char",
    "Decimal": "decimal",
    "Double": "double",
    "Int16": "short",
    "Int32": "int",
    "Int64": "long",
    "Object": "object",
    "SByte": "sbyte",
    "Single": "float",
    "String": "string",
    "UInt16": "ushort",
    "UInt32": "uint",
    "UInt64": "ulong",
}


def declare(info: TypeInfo) -> TypeInfo:
    """Put a type into the table."""
    if info.name in TYPES:
        raise ValueError(f"{info.name} is declared twice")
    TYPES[info.name] = info
    return info


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """A type's name as the table has it: `System.Text.Encoding` is `Encoding`, `String` is `string`.

    A name that the table does not have stays as it is.
    """
    last = name.rpartition(".")[2]
    known = ALIASES.get(last, last)
    if known in TYPES and name in (last, known, TYPES[known].full, f"System.{last}"):
        return known
    return name


@lru_cache(maxsize=4096)
def lineage(name: str) -> tuple[TypeInfo, ...]:
    """A type and those whose members it has, the nearest first."""
    found: list[TypeInfo] = []
    waiting = ["Array" if name.endswith("[]") and name not in TYPES else name]
    while waiting:
        info = TYPES.get(waiting.pop(0))
        if info is not None and info not in found:
            found.append(info)
            waiting.extend(info.bases)
    if "object" in TYPES and TYPES["object"] not in found:
        found.append(TYPES["object"])
    return tuple(found)


@lru_cache(maxsize=4096)
def member_of(name: str, member: str) -> Member | None:
    """A type's member, its own or a base's."""
    for info in lineage(name):
        if member in info.members:
            return info.members[member]
    return None
