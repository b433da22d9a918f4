"""Numbers, truths, Guid, Random, Math, Convert, BitConverter, and what every value can."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import base64
import binascii
import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from emulator.apimanagement.policies.expressions import clock, formats
from emulator.apimanagement.policies.expressions.conversions import (
    number,
    parsed,
    parsed_bool,
    parsed_guid,
    promoted,
    sized,
)
from emulator.apimanagement.policies.expressions.declare import (
    Member,
    TypeInfo,
    constant,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.types.strings import hashed, needed
from emulator.apimanagement.policies.expressions.values import (
    WHOLE,
    Box,
    Char,
    Enumerated,
    Ref,
    Thrown,
    argument_null,
    argument_out_of_range,
    full_name,
    whole,
)


def _equal(self: Any, other: Any) -> bool:
    return type(self) is type(other) and self == other


declare(
    TypeInfo(
        "object",
        "System.Object",
        members={
            "ToString": method("string", lambda self: formats.text(self)),
            "Equals": method("bool", _equal),
            "GetHashCode": method("int", lambda self: hashed(formats.text(self))),
        },
        statics={
            "Equals": function("bool", lambda one, two: one is two or _equal(one, two)),
            "ReferenceEquals": function("bool", lambda one, two: one is two),
        },
        make=function("object", lambda: Box("object", None)),
    )
)
enumeration("MidpointRounding", "System.MidpointRounding", ToEven=0, AwayFromZero=1)


def tried(parse: Callable[[Any], Any], failed: Any) -> Callable[..., bool]:
    """A `TryParse` of a `Parse`."""

    def run(text: Any, *rest: Any) -> bool:
        result = rest[-1] if rest else None
        if not isinstance(result, Ref):
            raise argument_null("result")
        try:
            result.value = parse(text) if text is not None else failed
        except Thrown:
            result.value = failed
            return False
        return text is not None

    return run


def _compare(self: Any, other: Any) -> int:
    return (self > other) - (self < other)


def _number(name: str, full: str) -> None:
    statics: dict[str, Member] = {
        "Parse": function(name, lambda text, *rest: parsed(text, name)),
        "TryParse": function("bool", tried(lambda text: parsed(text, name), number(0, name))),
    }
    if name in WHOLE:
        bits, signed, _ = WHOLE[name]
        least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        statics["MinValue"] = constant(name, lambda: whole(least, name))
        statics["MaxValue"] = constant(name, lambda: whole(most, name))
    elif name == "double":
        statics["NaN"] = constant(name, lambda: math.nan)
        statics["MaxValue"] = constant(name, lambda: 1.7976931348623157e308)
        statics["PositiveInfinity"] = constant(name, lambda: math.inf)
        statics["IsNaN"] = function("bool", lambda value: value != value)
        statics["IsInfinity"] = function("bool", lambda value: math.isinf(value))
    elif name == "decimal":
        statics["Zero"] = constant(name, lambda: Decimal(0))
        statics["One"] = constant(name, lambda: Decimal(1))
        statics["Round"] = function(name, lambda value, digits=0: formats.rounded(value, digits))
    declare(
        TypeInfo(
            name,
            full,
            members={
                "ToString": method(
                    "string",
                    lambda self, form=None, provider=None: formats.formatted(
                        self, form if isinstance(form, str) else None
                    ),
                ),
                "CompareTo": method("int", _compare),
                "Equals": method("bool", lambda self, other: sized(self) == sized(other) and self == other),
                "GetHashCode": method("int", lambda self: whole(int(self), "int")),
            },
            statics=statics,
        )
    )


for _name, _full in (
    ("byte", "System.Byte"),
    ("sbyte", "System.SByte"),
    ("short", "System.Int16"),
    ("ushort", "System.UInt16"),
    ("int", "System.Int32"),
    ("uint", "System.UInt32"),
    ("long", "System.Int64"),
    ("ulong", "System.UInt64"),
    ("float", "System.Single"),
    ("double", "System.Double"),
    ("decimal", "System.Decimal"),
):
    _number(_name, _full)

declare(
    TypeInfo(
        "bool",
        "System.Boolean",
        statics={
            "Parse": function("bool", parsed_bool),
            "TryParse": function("bool", tried(parsed_bool, False)),
            "TrueString": constant("string", lambda: "True"),
            "FalseString": constant("string", lambda: "False"),
        },
    )
)


def _guid(value: Any) -> UUID:
    if isinstance(value, bytearray):
        if len(value) != 16:
            raise Thrown("System.ArgumentException", "Byte array for GUID must be exactly 16 bytes long.")
        return UUID(bytes_le=bytes(value))
    return parsed_guid(value)


declare(
    TypeInfo(
        "Guid",
        "System.Guid",
        members={
            "ToString": method("string", formats.guid),
            "ToByteArray": method("byte[]", lambda self: bytearray(self.bytes_le)),
            "CompareTo": method("int", _compare),
        },
        statics={
            "NewGuid": function("Guid", uuid4),
            "Parse": function("Guid", parsed_guid),
            "ParseExact": function("Guid", lambda text, form: parsed_guid(text)),
            "TryParse": function("bool", tried(parsed_guid, UUID(int=0))),
            "Empty": constant("Guid", lambda: UUID(int=0)),
        },
        make=function("Guid", _guid),
    )
)


def _next(self: Box[random.Random], *bounds: int) -> int:
    low, high = (0, 2**31 - 1) if not bounds else (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
    if low > high:
        raise argument_out_of_range("minValue" if len(bounds) > 1 else "maxValue")
    return int(low) if low == high else self.value.randrange(int(low), int(high))


def _next_bytes(self: Box[random.Random], buffer: bytearray) -> None:
    buffer[:] = self.value.randbytes(len(buffer))


declare(
    TypeInfo(
        "Random",
        "System.Random",
        members={
            "Next": method("int", _next),
            "NextDouble": method("double", lambda self: self.value.random()),
            "NextBytes": method("void", _next_bytes),
        },
        make=function(
            "Random",
            # .NET's Random is not for secrets either.
            lambda seed=None: Box("Random", random.Random(seed if seed is None else int(seed))),  # noqa: S311
        ),
    )
)


def _round(value: Any, *rest: Any) -> Any:
    digits = next((int(one) for one in rest if isinstance(one, int)), 0)
    away = any(isinstance(one, Enumerated) and one.name == "AwayFromZero" for one in rest)
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    found = formats.rounded(exact, digits, away=away)
    return found if isinstance(value, Decimal) else float(found)


def _by(run: Callable[[Any], Any]) -> Member:
    """A function that gives back the type that it takes."""

    def same(value: Any) -> Any:
        found = run(value)
        return (
            whole(found, sized(value), strict=True) if isinstance(value, int) else number(found, sized(value))
        )

    return function("?", same)


def _two(run: Callable[..., Any]) -> Member:
    def wider(one: Any, two: Any) -> Any:
        one, two, kind = promoted(one, two)
        return number(run(one, two), kind)

    return function("?", wider)


def _real(run: Callable[..., float]) -> Callable[..., float]:
    def safe(*values: Any) -> float:
        try:
            return run(*(float(one) for one in values))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return safe


declare(
    TypeInfo(
        "Math",
        "System.Math",
        statics={
            "Abs": _by(abs),
            "Sign": function("int", lambda value: (value > 0) - (value < 0)),
            "Min": _two(min),
            "Max": _two(max),
            "Round": function("?", _round),
            "Floor": function("?", lambda value: number(math.floor(value), sized(value))),
            "Ceiling": function("?", lambda value: number(math.ceil(value), sized(value))),
            "Truncate": function("?", lambda value: number(math.trunc(value), sized(value))),
            "Pow": function("double", _real(math.pow)),
            "Sqrt": function("double", _real(math.sqrt)),
            "Log": function("double", _real(math.log)),
            "Log10": function("double", _real(math.log10)),
            "Exp": function("double", _real(math.exp)),
            "PI": constant("double", lambda: math.pi),
            "E": constant("double", lambda: math.e),
        },
    )
)


def _converted(name: str) -> Member:
    def run(value: Any, base: Any = None) -> Any:
        if value is None:
            return number(0, name)
        if isinstance(value, bool):
            return number(int(value), name)
        if isinstance(value, str) and not isinstance(value, Char):
            if base is not None and name in WHOLE and isinstance(base, int):
                try:
                    return whole(int(value, int(base)), name)
                except ValueError as error:
                    raise Thrown(
                        "System.FormatException", "Could not find any recognizable digits."
                    ) from error
            return parsed(value, name)
        if not isinstance(value, int | float | Decimal | Char):
            raise Thrown(
                "System.InvalidCastException",
                f"Unable to cast object of type '{full_name(value)}' to type 'System.IConvertible'.",
            )
        if isinstance(value, float | Decimal) and name in WHOLE:
            exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
            if not exact.is_finite():
                raise Thrown("System.OverflowException", "Value was either too large or too small.")
            return number(formats.rounded(exact, 0), name, strict=True)
        return number(value, name, strict=True)

    return function(name, run)


def _to_bool(value: Any) -> bool:
    if isinstance(value, str):
        return parsed_bool(value)
    return bool(value)


def _from_base64(text: Any) -> bytearray:
    shown = "".join(needed(text, "s").split())
    try:
        return bytearray(base64.b64decode(shown, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Thrown(
            "System.FormatException",
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two "
            "padding characters, or an illegal character among the padding characters.",
        ) from error


def _to_base64(data: Any, options: Any = None) -> str:
    if data is None:
        raise argument_null("inArray")
    return base64.b64encode(bytes(data)).decode()


def _text(value: Any, base: Any = None) -> str:
    if isinstance(base, int) and isinstance(value, int):
        bits = WHOLE[sized(value)][0]
        plain = int(value) & ((1 << bits) - 1) if base != 10 else int(value)
        return {2: f"{plain:b}", 8: f"{plain:o}", 10: f"{plain}", 16: f"{plain:x}"}[int(base)]
    return formats.text(value)


def _to_time(value: Any) -> clock.DateTime:
    return value if isinstance(value, clock.DateTime) else clock.parsed(value)


declare(
    TypeInfo(
        "Convert",
        "System.Convert",
        statics={
            "ToInt16": _converted("short"),
            "ToInt32": _converted("int"),
            "ToInt64": _converted("long"),
            "ToUInt16": _converted("ushort"),
            "ToUInt32": _converted("uint"),
            "ToUInt64": _converted("ulong"),
            "ToByte": _converted("byte"),
            "ToSByte": _converted("sbyte"),
            "ToSingle": _converted("float"),
            "ToDouble": _converted("double"),
            "ToDecimal": _converted("decimal"),
            "ToChar": function(
                "char", lambda value: number(value, "char") if isinstance(value, int) else Char(value)
            ),
            "ToBoolean": function("bool", _to_bool),
            "ToString": function("string", _text),
            "ToDateTime": function("DateTime", _to_time),
            "ToBase64String": function("string", _to_base64),
            "FromBase64String": function("byte[]", _from_base64),
        },
    )
)


def _from_bytes(name: str) -> Member:
    bits, signed, _ = WHOLE[name]

    def run(data: Any, start: int = 0) -> int:
        part = bytes(data[start : start + bits // 8])
        if start < 0 or len(part) < bits // 8:
            raise Thrown(
                "System.ArgumentException", "Destination array is not long enough to copy all the items."
            )
        return whole(int.from_bytes(part, "little", signed=signed), name)

    return function(name, run)


def _bytes(value: Any) -> bytearray:
    import struct

    if isinstance(value, bool):
        return bytearray([value])
    if isinstance(value, float):
        return bytearray(struct.pack("<d" if sized(value) == "double" else "<f", value))
    bits, signed, _ = WHOLE[sized(value)]
    return bytearray(int(value).to_bytes(bits // 8, "little", signed=signed))


def _hex(data: Any, start: int = 0, length: int | None = None) -> str:
    part = bytes(data[start:] if length is None else data[start : start + length])
    return "-".join(f"{one:02X}" for one in part)


declare(
    TypeInfo(
        "BitConverter",
        "System.BitConverter",
        statics={
            "ToString": function("string", _hex),
            "GetBytes": function("byte[]", _bytes),
            "IsLittleEndian": constant("bool", lambda: True),
            **{
                f"To{full}": _from_bytes(name)
                for name, full in (
                    ("short", "Int16"),
                    ("int", "Int32"),
                    ("long", "Int64"),
                    ("ushort", "UInt16"),
                    ("uint", "UInt32"),
                    ("ulong", "UInt64"),
                )
            },
        },
    )
)


def _exception(name: str, full: str, default: str) -> None:
    declare(
        TypeInfo(
            name,
            full,
            () if name == "Exception" else ("Exception",),
            members={
                "Message": prop("string", lambda self: self.message),
                "InnerException": prop("Exception", lambda self: self.inner),
                "StackTrace": prop("string", lambda self: ""),
            }
            if name == "Exception"
            else {},
            make=function(name, lambda message=default, inner=None: Thrown(full, message or default, inner)),
        )
    )


_exception("Exception", "System.Exception", "Exception of type 'System.Exception' was thrown.")
