"""What all enumerations have, and how one is declared."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from collections.abc import Callable

from emulator.apimanagement.policies.expressions.declare import TypeInfo, constant, declare, method
from emulator.apimanagement.policies.expressions.values import Enumerated


def enumeration(name: str, full: str, **members: int) -> None:
    """Declare an enumeration."""

    def one(member: str, number: int) -> Callable[[], Enumerated]:
        return lambda: Enumerated(name, member, number)

    statics = {member: constant(name, one(member, number)) for member, number in members.items()}
    declare(TypeInfo(name, full, ("Enum",), statics=statics))


declare(
    TypeInfo(
        "Enum",
        "System.Enum",
        members={
            "ToString": method("string", lambda self: self.name),
            "Equals": method("bool", lambda self, other: self == other),
        },
    )
)
