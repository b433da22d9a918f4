"""The members of Convert, which makes numbers, truths, times and bytes of one another and of texts."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import base64
import binascii
from decimal import Decimal
from typing import Any

from emulator.apimanagement.policies.expressions import clock, formats
from emulator.apimanagement.policies.expressions.conversions import number, parsed, parsed_bool, sized
from emulator.apimanagement.policies.expressions.declare import Member, TypeInfo, declare, function
from emulator.apimanagement.policies.expressions.types.strings import needed
from emulator.apimanagement.policies.expressions.values import (
    WHOLE,
    Char,
    Thrown,
    argument_null,
    full_name,
    whole,
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
