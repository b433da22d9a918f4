"""``$filter`` of the lists of role assignments and definitions: clauses joined by ``and``, all obeyed."""

from __future__ import annotations

import re
from typing import Final

from emulator.errors import AzureError

# clause -> its name; each kind of list knows some of them
_CLAUSES: Final = {
    "atscope": re.compile(r"atScope\(\)", re.IGNORECASE),
    "below": re.compile(r"atScopeAndBelow\(\)", re.IGNORECASE),
    "principal": re.compile(r"principalId\s+eq\s+'([^']*)'", re.IGNORECASE),
    "assigned": re.compile(r"assignedTo\('([^']*)'\)", re.IGNORECASE),
    "name": re.compile(r"roleName\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE),
    "type": re.compile(r"type\s+eq\s+'([^']*)'", re.IGNORECASE),
}
_WORDS: Final = {
    "atscope": "atScope()",
    "below": "atScopeAndBelow()",
    "principal": "principalId eq 'ID'",
    "assigned": "assignedTo('ID')",
    "name": "roleName eq 'NAME'",
    "type": "type eq 'BuiltInRole' or 'CustomRole'",
}
_AND: Final = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)  # outside of quotes
ASSIGNMENTS: Final = ("atscope", "principal", "assigned")
DEFINITIONS: Final = ("atscope", "below", "name", "type")


def read(text: str, known: tuple[str, ...]) -> dict[str, str]:
    """Name of each clause -> its value, in lower case, "" for those without one.

    400 InvalidFilter for a clause that is not known, or one that comes twice.
    """
    found: dict[str, str] = {}
    for clause in _AND.split(text.strip()) if text.strip() else ():
        for name in known:
            if match := _CLAUSES[name].fullmatch(clause.strip()):
                break
        else:
            name, match = "", None
        if match is None or name in found:
            raise AzureError(
                400,
                "UnsupportedFilterExpression",
                f"$filter '{text}': '{clause}' is not understood here. Known: "
                f"{', '.join(_WORDS[name] for name in known)}, joined by and.",
            )
        found[name] = match[1].replace("''", "'").lower() if match.groups() else ""
    return found
