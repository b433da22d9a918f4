"""Ids inside a body: what they name must exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.arm import catalog
from emulator.arm.ids import fold, parse, within
from emulator.arm.linked import linked
from emulator.errors import AzureError

OWN_RULES = {  # checked, with another error, by their service
    "microsoft.apimanagement/service/backends",
    "microsoft.authorization/roledefinitions",
    "microsoft.machinelearningservices/workspaces/computes",
}
OWN_CHECKS = {"microsoft.eventgrid/systemtopics", "microsoft.eventgrid/systemtopics/eventsubscriptions"}
"""Types of which all ids are checked by their service."""
VALUES_OF_USERS = (("microsoft.web/sites", "properties.siteConfig.appSettings["),)
"""Type and beginning of the paths of texts that Azure hands to somebody's program as they are."""


def check(exists: Callable[[str], bool], resource: dict[str, Any]) -> None:
    """400 InvalidResourceReference for an id of an emulated type that names nothing."""
    if resource["type"].lower() in OWN_CHECKS:
        return
    own = resource["id"]
    for path, text in linked(resource):
        parsed = parse(text)
        if parsed is None or parsed.is_collection or within(parsed.text, own) or within(own, parsed.text):
            continue
        if parsed.type.lower() in OWN_RULES:
            continue
        if any(
            resource["type"].lower() == kind and path.startswith(begin) for kind, begin in VALUES_OF_USERS
        ):
            continue
        if catalog.find(parsed.type) is None and "resources/" not in fold(parsed.type):
            continue
        if not exists(parsed.text):
            raise AzureError(
                400,
                "InvalidResourceReference",
                f"Resource {parsed.text} referenced by resource {own} was not found ({path}). Please make "
                "sure "
                "that the referenced resource exists.",
            )
