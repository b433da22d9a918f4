"""Which operator binds more strongly than which."""

from __future__ import annotations

from typing import Final

# Operator -> how strongly it binds on its left; section 12.4.2 of the specification, weakest first.
PRECEDENCE: Final = {
    operator: level
    for level, operators in enumerate(
        (
            "= += -= *= /= %= &= |= ^= <<= >>= ??= =>",
            "?",
            "??",
            "||",
            "&&",
            "|",
            "^",
            "&",
            "== !=",
            "< > <= >= is as",
            "<< >>",
            "+ -",
            "* / %",
        ),
        start=1,
    )
    for operator in operators.split()
}
ASSIGNMENT, CONDITIONAL, COALESCE = 1, 2, 3
RELATIONAL: Final = PRECEDENCE["is"]
_PREFIX: Final = "+ - ! ~ ++ --"
PREFIX: Final = frozenset(_PREFIX.split())
