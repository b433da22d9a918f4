"""``permissions``: what the caller may do at a scope, role by role."""

from __future__ import annotations

import re
from typing import Final

from emulator.arm.service import Arm
from emulator.http import Request, Response
from emulator.identity.role import Role
from emulator.identity.service import Identity
from emulator.principal import Principal

SCOPE: Final = r"(?P<scope>/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)"


def install(arm: Arm, identity: Identity) -> None:
    """The list at a subscription and at a resource group; it needs no role, and is empty without one."""

    @arm.special("GET", f"{SCOPE}/providers/Microsoft.Authorization/permissions")
    def held(request: Request, match: re.Match[str], principal: Principal) -> Response:
        arm.get(match["scope"])
        roles = identity.access.roles(principal, match["scope"])
        return Response.json({"value": [of(role) for role in roles]})


def of(role: Role) -> dict[str, list[str]]:
    """The actions of a role as role definitions and lists of permissions show them."""
    return {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }
