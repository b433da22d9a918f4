"""The keywords of C# that say what begins at them, and those that are refused."""

from __future__ import annotations

from typing import Final

_PREDEFINED: Final = (
    "bool byte char decimal double float int long object sbyte short string uint ulong ushort void"
)
PREDEFINED: Final = frozenset(_PREDEFINED.split())
# Words by which a value can begin: behind `(Name)` they make it a cast.
_VALUES: Final = "base checked default false new null this true typeof unchecked"
VALUES: Final = frozenset(_VALUES.split())
REFUSED: Final = {
    "class": "types",
    "delegate": "anonymous methods with `delegate`; write a lambda",
    "enum": "types",
    "fixed": "pointers",
    "goto": "`goto`",
    "interface": "types",
    "lock": "`lock`",
    "stackalloc": "pointers",
    "struct": "types",
    "unsafe": "pointers",
}
