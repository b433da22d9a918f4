"""Members of values: properties, methods, elements, and what an assignment puts into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import conversions, tokens
from emulator.apimanagement.policies.expressions.types import TYPES, Member, member_of
from emulator.apimanagement.policies.expressions.types.dictionaries import looked_up, no_key
from emulator.apimanagement.policies.expressions.types.ordering import key_of
from emulator.apimanagement.policies.expressions.types.regular_expressions import group_of
from emulator.apimanagement.policies.expressions.values import (
    Anonymous,
    Array,
    Box,
    Builder,
    Byte,
    Char,
    Dict,
    Set,
    Thrown,
    argument_out_of_range,
    full_name,
    null_reference,
    out_of_range,
    spent,
    type_of,
    whole,
)


def unknown_name(name: str) -> Thrown:
    """A name that nothing has."""
    return Thrown(
        "System.InvalidOperationException", f"The name '{name}' does not exist in the current context"
    )


def no_member(value: Any, name: str) -> Thrown:
    """A member that a value does not have."""
    return Thrown(
        "System.InvalidOperationException",
        f"'{full_name(value)}' does not contain a definition for '{name}'",
    )


def call(member: Member, name: str, values: list[Any], named: dict[str, Any], types: Any) -> Any:
    """Calls a member, the number of its arguments checked."""
    if member.generic:
        named = {**named, "types": types}
    least, most = member.arity
    count = len(values) - member.own + len(named) - member.generic
    if not least <= count <= most:
        raise Thrown(
            "System.InvalidOperationException", f"No overload for method '{name}' takes {count} arguments"
        )
    try:
        return spent(member.run(*values, **named))
    except (TypeError, AttributeError) as error:
        # What the compiler would have refused, and what a method of .NET does with null.
        if any(value is None for value in values):
            raise null_reference() from error
        raise Thrown(
            "System.ArgumentException", f"The arguments of '{name}' have other types than it takes"
        ) from error
    except (ValueError, ArithmeticError, KeyError, IndexError) as error:
        raise Thrown(
            "System.ArgumentException", f"The arguments of '{name}' are not valid: {error}"
        ) from error


def static(type_name: str, name: str) -> Member:
    """A static member of a type."""
    found = TYPES[type_name].statics.get(name)
    if found is None:
        for base in TYPES[type_name].bases:
            if base in TYPES and name in TYPES[base].statics:
                return TYPES[base].statics[name]
        raise Thrown(
            "System.InvalidOperationException", f"'{type_name}' does not contain a definition for '{name}'"
        )
    return found


def bound(member: Member, name: str, first: tuple[Any, ...], types: Any) -> Callable[..., Any]:
    """A method without its brackets, as `Select(int.Parse)` has it."""

    def run(*values: Any) -> Any:
        return call(member, name, [*first, *values], {}, types)

    return run


def get(value: Any, name: str, types: tuple[syntax.Type, ...] = ()) -> Any:
    """A property of a value; a method as something to call."""
    if name == "HasValue" and (value is None or type_of(value) in conversions.STRUCTS):
        return value is not None
    if value is None:
        raise null_reference()
    if isinstance(value, Anonymous) and name in value:
        return value[name]
    member = member_of(type_of(value), name)
    if member is None:
        if name == "Value" and type_of(value) in conversions.STRUCTS:
            return value  # of a Nullable, which is its value here
        raise no_member(value, name)
    if member.call:
        return bound(member, name, (value,), types)
    return member.run(value)


def element(holder: Any, key: Any) -> Any:
    """`holder[key]`."""
    if holder is None:
        raise null_reference()
    if isinstance(holder, tokens.JToken):
        return tokens.element(holder, key)
    if isinstance(holder, Box) and holder.type == "GroupCollection":
        return group_of(holder, key)
    if isinstance(holder, bytearray | list | str | Builder):
        values = str(holder) if isinstance(holder, Builder) else holder
        if not isinstance(key, int):
            raise Thrown("System.InvalidOperationException", "An index is a whole number")
        if not 0 <= key < len(values):
            raise (
                out_of_range()
                if isinstance(holder, Array | bytearray | str)
                else argument_out_of_range("index")
            )
        found = values[key]
        if isinstance(values, bytearray):
            return Byte(found)
        return Char(found) if isinstance(values, str) else found
    if hasattr(holder, "keys") and not isinstance(holder, Set):
        if key is None:
            raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: key")
        if key_of(key) not in holder:
            raise no_key(key)
        return looked_up(holder, key)
    raise Thrown(
        "System.InvalidOperationException", f"Cannot apply indexing with [] to '{full_name(holder)}'"
    )


def store(holder: Any, key: Any, value: Any) -> None:
    """`holder[key] = value`."""
    if holder is None:
        raise null_reference()
    if isinstance(holder, tokens.JObject | tokens.JArray):
        holder.set(key, tokens.token(value))
    elif isinstance(holder, bytearray | list):
        if not isinstance(key, int) or not 0 <= key < len(holder):
            raise out_of_range()
        holder[key] = whole(int(value), "byte") if isinstance(holder, bytearray) else value
    elif isinstance(holder, Dict):
        if key is None:
            raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: key")
        holder[key] = value
    else:
        raise Thrown(
            "System.InvalidOperationException", f"'{full_name(holder)}' is read only: nothing is put into it"
        )


def assign(owner: Any, name: str, value: Any) -> None:
    """`owner.name = value`."""
    if owner is None:
        raise null_reference()
    setter = TYPES[type_of(owner)].set.get(name) if type_of(owner) in TYPES else None
    if setter is None:
        raise Thrown(
            "System.InvalidOperationException",
            f"Property or indexer '{full_name(owner)}.{name}' cannot be assigned to -- it is read only",
        )
    setter(owner, value)
