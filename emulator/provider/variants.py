"""Which of a union's types a value is meant to be."""

from __future__ import annotations

from typing import Any

from emulator.provider.schema import Resource, Type
from emulator.provider.values import UNKNOWN, unwrap
from emulator.provider.wire import fold


def discriminator(schema: Resource, option: Type) -> dict[str, str]:
    """Property -> the one value it has in this object type; empty for a type without constants."""
    return {
        name: item.constant for name, item in schema.properties(option).items() if item.constant is not None
    }


def choose(schema: Resource, union: Type, value: dict[str, Any]) -> Type | None:
    """The object type whose constants the value has; None if none has, or if that is not known yet.

    Without constants the type that knows most of the value's keys is taken.
    """
    by_fold = {
        fold(name): unwrap(item) for name, item in value.items()
    }  # Azure writes odata.type for odataType
    objects = [option for option in union.options if option.kind == "object"]
    marked = [(option, discriminator(schema, option)) for option in objects]
    for option, constants in marked:
        if constants and all(by_fold.get(fold(name)) == constant for name, constant in constants.items()):
            return option
    if any(constants for _, constants in marked):
        return None
    return max(objects, key=lambda option: len(schema.properties(option).keys() & value.keys()), default=None)


def is_undecided(schema: Resource, union: Type, value: dict[str, Any]) -> bool:
    """Whether the discriminator is a value that a preview cannot know."""
    names = {name for option in union.options for name in discriminator(schema, option)}
    return any(unwrap(value.get(name)) is UNKNOWN for name in names)


def resolve(schema: Resource, of: Type, value: Any) -> Type:
    """`of`, with a union replaced by the member that fits the value; `any` when none does."""
    if of.kind != "union":
        return of
    if isinstance(value, dict):
        maps = [option for option in of.options if option.kind == "map"]
        return choose(schema, of, value) or (maps[0] if maps else Type("any"))
    kinds: dict[type, tuple[str, ...]] = {list: ("list",), str: ("string", "enum"), bool: ("boolean",)}
    wanted = kinds.get(type(value), ("integer", "number"))
    return next((option for option in of.options if option.kind in wanted), Type("any"))
