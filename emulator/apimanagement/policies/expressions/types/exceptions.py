"""The members of Exception."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Final

from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, prop
from emulator.apimanagement.policies.expressions.values import Thrown

THROWN: Final = "Exception of type 'System.Exception' was thrown."


declare(
    TypeInfo(
        "Exception",
        "System.Exception",
        members={
            "Message": prop("string", lambda self: self.message),
            "InnerException": prop("Exception", lambda self: self.inner),
            "StackTrace": prop("string", lambda self: ""),
        },
        make=function(
            "Exception",
            lambda message=None, inner=None: Thrown("System.Exception", message or THROWN, inner),
        ),
    )
)
