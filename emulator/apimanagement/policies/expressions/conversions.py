"""Casts, `as`, `is` and default values."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import clock, formats
from emulator.apimanagement.policies.expressions.declare import TYPES, canonical, lineage
from emulator.apimanagement.policies.expressions.tokens import JArray, JObject, JToken, JValue
from emulator.apimanagement.policies.expressions.values import (
    FULL_NAMES,
    WHOLE,
    Char,
    Single,
    Sized,
    Thrown,
    format_error,
    full_name,
    invalid_cast,
    null_reference,
    type_of,
    whole,
)

RANK: Final = ("int", "uint", "long", "ulong", "float", "double", "decimal")
NUMBERS: Final = frozenset({*WHOLE, "float", "double", "decimal", "char"})
MOST_DECIMAL: Final = Decimal(2**96 - 1)
STRUCTS: Final = frozenset(
    {*NUMBERS, "bool", "Guid", "DateTime", "DateTimeOffset", "TimeSpan", "KeyValuePair"}
)


def name_of(kind: syntax.Type) -> str:
    """A type's name in the table, with `[]` where it is an array."""
    return canonical(kind.name) + "[]" * len(kind.ranks)


def default_of(kind: syntax.Type | None) -> Any:
    """What a variable of a type holds when nothing was put into it."""
    name = name_of(kind) if kind else "object"
    if kind is None or kind.nullable or name not in STRUCTS:
        return None
    if name == "bool":
        return False
    made: dict[str, Callable[[], Any]] = {
        "float": lambda: Single(0),
        "double": lambda: 0.0,
        "decimal": lambda: Decimal(0),
        "char": lambda: Char("\0"),
        "Guid": lambda: UUID(int=0),
        "DateTime": lambda: clock.DateTime(0),
        "DateTimeOffset": lambda: clock.DateTimeOffset(0),
        "TimeSpan": lambda: clock.TimeSpan(0),
    }
    return made[name]() if name in made else whole(0, name) if name in WHOLE else None


@lru_cache(maxsize=1024)
def _derives(name: str, wanted: str) -> bool:
    return wanted == "object" or name == wanted or any(one.name == wanted for one in lineage(name))


def is_instance(value: Any, kind: syntax.Type) -> bool:
    """As `value is kind`."""
    if value is None:
        return False
    wanted = name_of(kind)
    if isinstance(value, Thrown):
        return wanted in ("Exception", "object") or value.kind.rpartition(".")[2] == wanted.rpartition(".")[2]
    return _derives(type_of(value), wanted)


def cast(value: Any, kind: syntax.Type, *, boxed: bool = False) -> Any:
    """As `(kind)value`. boxed: the value comes as an `object`, which is cast to its own type only."""
    wanted = name_of(kind)
    if value is None:
        if wanted in STRUCTS and not kind.nullable:
            raise null_reference()
        return None
    if isinstance(value, JToken) and wanted not in ("object", "JToken") and not _derives(value.kind, wanted):
        return _of_token(value, wanted, kind)
    if _derives(type_of(value), wanted):
        return value
    plain = isinstance(value, int | float | Decimal | Char) and not isinstance(value, bool)
    if not boxed and wanted in NUMBERS and plain:
        return number(value, wanted)
    if not boxed and wanted == "DateTimeOffset" and isinstance(value, clock.DateTime):
        return clock.DateTimeOffset(value.ticks)
    if wanted not in TYPES and not wanted.endswith("[]"):
        raise invalid_cast(value, kind.name)
    raise invalid_cast(value, FULL_NAMES.get(wanted, wanted))


def _of_token(value: JToken, wanted: str, kind: syntax.Type) -> Any:
    """The explicit conversions of JToken."""
    if not isinstance(value, JValue):
        shown = {"string": "String"}.get(wanted, FULL_NAMES.get(wanted, wanted).rpartition(".")[2])
        if wanted in ("string", "bool", *NUMBERS, "Guid", "DateTime"):
            raise Thrown("System.ArgumentException", f"Can not convert {value.kind[1:]} to {shown}.")
        raise invalid_cast(value, FULL_NAMES.get(wanted, wanted))
    held = value.value
    if wanted == "string":
        return None if held is None else formats.text(held)
    if held is None:
        if kind.nullable or wanted not in STRUCTS:
            return None
        shown = FULL_NAMES[wanted].rpartition(".")[2]
        raise Thrown("System.ArgumentException", f"Can not convert Null to {shown}.")
    if wanted == "bool":
        return held if isinstance(held, bool) else parsed_bool(formats.text(held))
    if wanted in NUMBERS:
        return (
            number(held, wanted)
            if isinstance(held, int | float | Decimal)
            else parsed(formats.text(held), wanted)
        )
    if wanted == "DateTime":
        return held if isinstance(held, clock.DateTime) else clock.parsed(formats.text(held))
    if wanted == "Guid":
        return parsed_guid(formats.text(held))
    raise invalid_cast(value, FULL_NAMES.get(wanted, wanted))


def number(value: Any, wanted: str, *, strict: bool = False) -> Any:
    """A number as another type of number; strict: an OverflowException where it does not fit."""
    if isinstance(value, Char):
        value = ord(value)
    if isinstance(value, float) and not math.isfinite(value) and wanted not in ("float", "double"):
        if wanted == "decimal":
            raise _too_large("a Decimal")
        return number(0, wanted)
    if wanted == "char":
        return Char(chr(whole(int(value), "ushort")))
    if wanted == "float":
        return Single(value)
    if wanted == "double":
        return float(value)
    if wanted == "decimal":
        return decimal(Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value))
    return whole(int(value), wanted, strict=strict)


def _too_large(what: str) -> Thrown:
    return Thrown("System.OverflowException", f"Value was either too large or too small for {what}.")


def decimal(value: Decimal) -> Decimal:
    """A number that a Decimal can hold."""
    if not value.is_finite() or abs(value) > MOST_DECIMAL:
        raise _too_large("a Decimal")
    return value


def parsed(text: str | None, wanted: str) -> Any:
    """As `int.Parse` and its like."""
    if text is None:
        raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: String")
    shown = text.strip()
    try:
        if wanted in ("float", "double", "decimal"):
            if "_" in shown or shown.lower().lstrip("+-") in ("inf", "infinity", "nan"):
                raise ValueError
            plain = shown.replace(",", "")
            return decimal(Decimal(plain)) if wanted == "decimal" else number(float(plain), wanted)
        if not shown.lstrip("+-").isdecimal() or not shown.isascii():
            raise ValueError
        return whole(int(shown), wanted, strict=True)
    except (ValueError, ArithmeticError) as error:
        raise format_error() from error


def parsed_bool(text: str | None) -> bool:
    """As `bool.Parse`."""
    shown = (text or "").strip().lower()
    if shown not in ("true", "false"):
        raise Thrown("System.FormatException", "String was not recognized as a valid Boolean.")
    return shown == "true"


def parsed_guid(text: str | None) -> UUID:
    """As `Guid.Parse`."""
    shown = (text or "").strip().strip("{}()")
    try:
        return UUID(shown) if len(shown) in (32, 36) else UUID("")
    except ValueError as error:
        raise Thrown("System.FormatException", "Unrecognized Guid format.") from error


def of_json(value: JToken | None, kind: syntax.Type) -> Any:
    """As `token.Value<T>()` and `ToObject<T>()`, of the simple types and of lists of them."""
    if value is None:
        return default_of(kind)
    if is_instance(value, kind):
        return value
    wanted = name_of(kind)
    if wanted.endswith("[]") or wanted in ("List", "IEnumerable", "IList"):
        from emulator.apimanagement.policies.expressions.values import Array, List

        element = syntax.Type(kind.name, kind.arguments) if kind.ranks else kind.arguments[0]
        if not isinstance(value, JArray):
            raise Thrown(
                "Newtonsoft.Json.JsonSerializationException",
                f"Cannot deserialize the current JSON {value.kind[1:].lower()} into type '{wanted}'.",
            )
        found = [of_json(one, element) for one in value.items]
        return Array(found, name_of(element)) if kind.ranks else List(found)
    if wanted == "Dictionary" and isinstance(value, JObject):
        from emulator.apimanagement.policies.expressions.values import Dict

        return Dict({name: of_json(one, kind.arguments[1]) for name, one in value.pairs_of()})
    if wanted == "object" and isinstance(value, JValue):
        return value.value
    return cast(value, kind)


def sized(value: Any) -> str:
    """The type of a number."""
    return value.kind if isinstance(value, Sized) else type_of(value)


def promoted(one: Any, two: Any) -> tuple[Any, Any, str]:
    """Two numbers as the type in which they are calculated (12.4.7), and its name."""
    if Decimal in (type(one), type(two)) and (isinstance(one, float) or isinstance(two, float)):
        raise Thrown(
            "System.InvalidOperationException",
            f"'{full_name(one)}' and '{full_name(two)}' cannot be calculated with each other",
        )
    kinds = [sized(value) for value in (one, two)]
    kinds = [kind if kind in RANK else "int" for kind in kinds]
    kind = max(kinds, key=RANK.index)
    if kind == "uint" and "int" in kinds:
        kind = "long"
    return number(one, kind), number(two, kind), kind
