"""The members of BitConverter: numbers as bytes, the lowest first."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import struct
from typing import Any

from emulator.apimanagement.policies.expressions.conversions import sized
from emulator.apimanagement.policies.expressions.declare import Member, TypeInfo, constant, declare, function
from emulator.apimanagement.policies.expressions.values import WHOLE, Thrown, whole


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
