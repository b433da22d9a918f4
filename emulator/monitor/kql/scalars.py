"""What a row of the functions' tables says, and how the tables are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from emulator.monitor.kql.kinds import Kind

Class = Literal[
    "any", "scalar", "text", "number", "whole", "bool", "datetime", "timespan", "dynamic", "time", "type"
]
"""What an argument may be: `scalar` any value, given as its text; `text` a string, or a dynamic as its text;
`time` a datetime or timespan; `type` a `typeof`."""
Kinds = tuple[Kind, ...]
Gives = Kind | Callable[[Kinds], Kind]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function of values. make: from the types of the arguments to the function of their values.

    takes: class of each argument, the last repeated as often as `most` lets (None: without end). names: an
    unnamed column of it is called as its first argument. nulls: whether it is asked about nulls; else it
    gives null where one is among its arguments.
    """

    name: str
    takes: tuple[Class, ...]
    gives: Gives
    make: Callable[[Kinds], Callable[..., Any]]
    says: str
    least: int
    most: int | None
    names: bool = False
    nulls: bool = False
    steady: bool = True  # the same for the same arguments


def row(
    name: str,
    takes: str,
    gives: Gives,
    function: Callable[..., Any],
    says: str,
    *,
    least: int | None = None,
    endless: bool = False,
    names: bool = False,
    nulls: bool = False,
    steady: bool = True,
) -> Scalar:
    """A function that is the same for all types. takes: the classes with spaces between."""
    return typed(
        name,
        takes,
        gives,
        lambda kinds: function,
        says,
        least=least,
        endless=endless,
        names=names,
        nulls=nulls,
        steady=steady,
    )


def typed(
    name: str,
    takes: str,
    gives: Gives,
    make: Callable[[Kinds], Callable[..., Any]],
    says: str,
    *,
    least: int | None = None,
    endless: bool = False,
    names: bool = False,
    nulls: bool = False,
    steady: bool = True,
) -> Scalar:
    """A function that depends on the types of its arguments."""
    classes: tuple[Any, ...] = tuple(takes.split())
    return Scalar(
        name,
        classes,
        gives,
        make,
        says,
        len(classes) if least is None else least,
        None if endless else len(classes),
        names,
        nulls,
        steady,
    )


def same(kinds: Kinds) -> Kind:
    """The type of the first argument."""
    return kinds[0]
