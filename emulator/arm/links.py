"""Ids inside a body: what they name must exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.arm import catalog
from emulator.arm.ids import fold, parse, within
from emulator.arm.linked import linked
from emulator.errors import AzureError

if TYPE_CHECKING:
    from emulator.arm.service import Arm

OWN_RULES = {  # checked, with another error, by their service
    "microsoft.authorization/roledefinitions",
    "microsoft.machinelearningservices/workspaces/computes",
}


def check(arm: Arm, resource: dict[str, Any]) -> None:
    """400 InvalidResourceReference for an id of an emulated type that names nothing."""
    own = resource["id"]
    for path, text in linked(resource):
        parsed = parse(text)
        if parsed is None or parsed.is_collection or within(parsed.text, own) or within(own, parsed.text):
            continue
        if parsed.type.lower() in OWN_RULES:
            continue
        if catalog.find(parsed.type) is None and "resources/" not in fold(parsed.type):
            continue
        if not arm.exists(parsed.text):
            raise AzureError(
                400,
                "InvalidResourceReference",
                f"Resource {parsed.text} referenced by resource {own} was not found ({path}). Please make "
                "sure "
                "that the referenced resource exists.",
            )
