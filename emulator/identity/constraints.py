"""Conditions of role assignments: which roles a principal may hand out.

Of Azure's conditions this is the one shape that is known, the one that the portal writes for "Constrain
roles": (not a write, or the role of the request is one of …) AND (not a removal, or … of the resource …).
"""

from __future__ import annotations

import re
from typing import Final

ACTION: Final = "Microsoft.Authorization/roleAssignments"
_PART: Final = re.compile(
    rf"\(\(!\(ActionMatches\{{'{re.escape(ACTION)}/(write|delete)'\}}\)\) OR "
    rf"\(@(Request|Resource)\[{re.escape(ACTION)}:RoleDefinitionId\] "
    r"ForAnyOfAnyValues:GuidEquals \{([0-9a-fA-F, -]+)\}\)\)"
)


def assignable(condition: str) -> frozenset[str] | None:
    """The roles (GUIDs, lower case) that may be handed out; None for a condition of another shape."""
    found: dict[str, frozenset[str]] = {}
    for part in re.split(r"\s+AND\s+", " ".join(condition.split())):
        match = _PART.fullmatch(part.strip())
        if match is None or (match[1], match[2]) not in (("write", "Request"), ("delete", "Resource")):
            return None
        found[match[1]] = frozenset(guid.strip().lower() for guid in match[3].split(","))
    return found["write"] if set(found) == {"write", "delete"} else None
