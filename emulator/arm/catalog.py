"""The table of emulated resource types, and the ways to look a type up.

Everything that the emulator and its Pulumi provider must know about a type and cannot learn from the SDK or
from a request stands in one row of `catalog_rows.ROWS`: the id template, name rule, what forces a new
resource, which parts of a body are resources of their own. To emulate one more type, add one row there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from emulator.arm.catalog_rows import FUNCTIONS, ROWS
from emulator.arm.catalog_types import Function, NameRule, Presence, ResourceType, Uniqueness

__all__ = [
    "Function",
    "NameRule",
    "Presence",
    "ResourceType",
    "Uniqueness",
    "find",
    "find_id",
    "find_token",
    "function",
    "missing_row",
]

_BY_ARM_TYPE: Final = {row.arm_type.lower(): row for row in reversed(ROWS) if row.plane == "arm"}
_BY_TOKEN: Final = {token.lower(): row for row in reversed(ROWS) for token in row.tokens}
_PATTERNED: Final = tuple(row for row in ROWS if "{" in row.arm_type)


@cache
def find(arm_type: str) -> ResourceType | None:
    """The row of an ARM type such as `Microsoft.Storage/storageAccounts`, in any case; None if not emulated.

    A type whose last segment varies (`Microsoft.Network/privateDnsZones/A`) finds its one row.
    """
    wanted = arm_type.strip("/").lower()
    row = _BY_ARM_TYPE.get(wanted)
    if row is not None:
        return row
    return next((row for row in _PATTERNED if row.arm_type_pattern.fullmatch(wanted)), None)


def find_token(token: str) -> ResourceType | None:
    """The row of a Pulumi token, `azure-native:storage:StorageAccount` or without the package's name."""
    return _BY_TOKEN.get(_short(token).lower())


def find_id(resource_id: str) -> ResourceType | None:
    """The row of the type that an ARM id belongs to; None for a malformed id or a type without a row."""
    return find(arm_type_of(resource_id))


def function(token: str) -> Function | None:
    """The ARM action behind an SDK function such as `azure-native:storage:listStorageAccountKeys`."""
    return FUNCTIONS.get(_short(token))


def arm_type_of(resource_id: str) -> str:
    """`Microsoft.Storage/storageAccounts` of an id; empty for an id that names no resource."""
    path = resource_id.rstrip("/")
    found = re.search(r"/providers/([^/]+)/((?:(?!/providers/).)+)$", path, re.IGNORECASE)
    if found:
        return "/".join([found[1], *found[2].split("/")[::2]])
    if re.fullmatch(r"/subscriptions/[^/]+/resourceGroups/[^/]+", path, re.IGNORECASE):
        return "Microsoft.Resources/resourceGroups"
    return "Microsoft.Resources/subscriptions" if re.fullmatch(r"/subscriptions/[^/]+", path, re.I) else ""


def missing_row(token: str, api_version: str | None, parameters: tuple[str, ...]) -> str:
    """What to say about a token without a row: the very line to add, as far as the SDK tells it."""
    module, name = _short(token).split(":", 1)
    plural = f"{name[0].lower()}{name[1:]}s"
    own = [p for p in parameters if p not in ("resourceGroupName", "subscriptionId", "expand")] or [
        plural + "Name"
    ]
    chain = "/".join(f"{{{parameter}}}" for parameter in own)
    return (
        f"{token} is not emulated. To emulate it, add one row to emulator/arm/catalog_rows.py, its path as "
        f"in the Azure REST reference (api-version {api_version or 'unknown'}): "
        f'Row("Microsoft.{module}/{plural}/{chain}", "{module}:{name}"),'
    )


def _short(token: str) -> str:
    return token.removeprefix("azure-native:")
