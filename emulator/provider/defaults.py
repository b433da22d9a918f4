"""What the provider fills in before it checks: the resource's own name and its location."""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from emulator.arm.catalog_types import ResourceType
from emulator.provider.schema import Resource
from emulator.provider.values import UNKNOWN, unwrap

RANDOM_NAME = "__createBeforeDelete"
"""Input of the provider's own: the name is random, so the new resource can exist beside the old one."""

_UUID_NAMES = {"roleAssignmentName", "roleDefinitionId"}


Mode = Literal["default", "propose", "enforce", "disable"]


@dataclass(frozen=True, slots=True)
class AutoNaming:
    """What the stack's configuration says about names: the engine's proposal and whether it binds."""

    mode: Mode = "default"
    proposed: str = ""
    seed: bytes = b""


UNCONFIGURED = AutoNaming()


def fill_name(
    schema: Resource,
    row: ResourceType,
    inputs: dict[str, Any],
    old: dict[str, Any],
    label: str,
    naming: AutoNaming,
) -> None:
    """Set the resource's own name when the program left it out: the old one, the configured one or a new one.

    Resources of a group get the label and 8 random hexadecimal digits, children the plain label, role
    assignments and definitions a UUID. label: the resource's name in the program
    """
    own = own_input(schema, row)
    if own is None or unwrap(inputs.get(own)) is not None or naming.mode == "disable":
        return
    if own in old:
        inputs[own] = old[own]
        if RANDOM_NAME in old:
            inputs[RANDOM_NAME] = old[RANDOM_NAME]
        return
    name, is_random = _new_name(row, own, label, naming)
    inputs[own] = name
    if is_random:
        inputs[RANDOM_NAME] = True


def own_input(schema: Resource, row: ResourceType) -> str | None:
    """The input that holds the resource's own name; None for types named by others (or by a fixed word)."""
    return next((name for name in schema.inputs if name.lower() == row.own_name.lower()), None)


def _new_name(row: ResourceType, own: str, label: str, naming: AutoNaming) -> tuple[str, bool]:
    if naming.proposed and naming.mode in ("propose", "enforce") and own not in _UUID_NAMES:
        return naming.proposed, naming.proposed != label
    source = random.Random(naming.seed or secrets.token_bytes(16))  # noqa: S311  the engine's seed decides names
    if own in _UUID_NAMES:
        return str(uuid.UUID(int=source.getrandbits(128), version=4)), True
    if row.is_child:
        return label, False
    return f"{label}{source.getrandbits(32):08x}", True


def fill_location(
    schema: Resource,
    inputs: dict[str, Any],
    old: dict[str, Any],
    configured: str,
    group_location: Callable[[str], str | None],
) -> None:
    """Set the location when the program left it out: the old one, the provider's, the resource group's.

    group_location: location of a group by its name, None while it does not exist (then it is not known yet)
    """
    if "location" not in schema.inputs or unwrap(inputs.get("location")) is not None:
        return
    group = unwrap(inputs.get("resourceGroupName"))
    if "location" in old:
        inputs["location"] = old["location"]
    elif configured:
        inputs["location"] = configured
    elif group is UNKNOWN:
        inputs["location"] = UNKNOWN
    elif isinstance(group, str):
        inputs["location"] = group_location(group) or UNKNOWN
