"""The members of Guid."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from emulator.apimanagement.policies.expressions import formats
from emulator.apimanagement.policies.expressions.conversions import parsed_guid
from emulator.apimanagement.policies.expressions.declare import TypeInfo, constant, declare, function, method
from emulator.apimanagement.policies.expressions.types.numbers import order_of, tried
from emulator.apimanagement.policies.expressions.values import Thrown


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
            "CompareTo": method("int", order_of),
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
