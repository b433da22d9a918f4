"""The table of emulated resource types, and the ways to look a type up.

What the emulator must know about a type and cannot learn from a request stands in one row of a file
types.py, in the folder of the service that owns the type: the id template, the name rule, which parts of a
body are resources of their own. To emulate one more type, add one row there. What only the Pulumi provider
must know stands in `emulator.provider.traits_table`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from emulator.arm.catalog_types import ResourceType

_EMULATOR: Final = Path(__file__).parents[1]


def _collect() -> Mapping[str, tuple[ResourceType, ...]]:
    """The rows of each service, by the name of its folder. Every folder that has a types.py counts."""
    folders = sorted(file.parent.name for file in _EMULATOR.glob("*/types.py"))
    return {folder: import_module(f"emulator.{folder}.types").ROWS for folder in folders}


BY_FOLDER: Final = _collect()
ROWS: Final = tuple(row for rows in BY_FOLDER.values() for row in rows)
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
    return _BY_TOKEN.get(short_token(token).lower())


def arm_type_of(resource_id: str) -> str:
    """`Microsoft.Storage/storageAccounts` of an id; empty for an id that names no resource."""
    path = resource_id.rstrip("/")
    found = re.search(r"/providers/([^/]+)/((?:(?!/providers/).)+)$", path, re.IGNORECASE)
    if found:
        return "/".join([found[1], *found[2].split("/")[::2]])
    if re.fullmatch(r"/subscriptions/[^/]+/resourceGroups/[^/]+", path, re.IGNORECASE):
        return "Microsoft.Resources/resourceGroups"
    return "Microsoft.Resources/subscriptions" if re.fullmatch(r"/subscriptions/[^/]+", path, re.I) else ""


def home(module: str) -> str:
    """The file for the rows of a module of the SDK (`storage`): where it has some, or else a new folder's."""
    folders = (
        folder
        for folder, rows in BY_FOLDER.items()
        if any(token.split(":")[0] == module for row in rows for token in row.tokens)
    )
    return f"emulator/{next(folders, module.lower())}/types.py"


def missing_row(token: str, api_version: str | None, parameters: tuple[str, ...]) -> str:
    """What to say about a token without a row: the very line to add, as far as the SDK tells it."""
    module, name = short_token(token).split(":", 1)
    plural = f"{name[0].lower()}{name[1:]}s"
    own = [p for p in parameters if p not in ("resourceGroupName", "subscriptionId", "expand")] or [
        plural + "Name"
    ]
    chain = "/".join(f"{{{parameter}}}" for parameter in own)
    return (
        f"{token} is not emulated. To emulate it, add one row to {home(module)}, its path as "
        f"in the Azure REST reference (api-version {api_version or 'unknown'}): "
        f'Row("Microsoft.{module}/{plural}/{chain}", "{module}:{name}"),'
    )


def short_token(token: str) -> str:
    """A token without the package's name: `storage:StorageAccount`."""
    return token.removeprefix("azure-native:")
