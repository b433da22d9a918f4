"""ARM ids from path templates and back."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulator.arm.catalog_types import ResourceType

_SCOPES = ("scope", "resourceUri")


class IdError(ValueError):
    """An id that cannot be built, or that is not one of this type."""


def build(row: ResourceType, subscription: str, inputs: Mapping[str, object]) -> str:
    """The id of the resource with these (plain) inputs. IdError names the input that is missing."""
    by_name = {name.lower(): value for name, value in inputs.items()}

    def part(match: re.Match[str]) -> str:
        name = match[1]
        if name == "subscriptionId":
            return subscription
        value = by_name.get(name.lower())
        if not isinstance(value, str) or not value.strip("/"):
            raise IdError(f"{name} is needed for the id {row.path}")
        return value.strip("/") if name in _SCOPES else value

    return re.sub(r"\{(\w+)\}", part, row.path)


def parse(row: ResourceType, resource_id: str) -> dict[str, str]:
    """The values of the path parameters. IdError when the id does not have the type's form."""
    pattern = re.escape(row.path)
    for name in ("subscriptionId", *row.parameters):
        form = "[^/].*?" if name in _SCOPES else "[^/]+"
        pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{form})", 1)
    found = re.fullmatch(pattern, resource_id.rstrip("/"), re.IGNORECASE)
    if found is None:
        raise IdError(f"{resource_id!r} is not an id of {row.arm_type}: its form is {row.path}")
    return {
        name: f"/{value}" if name in _SCOPES else value
        for name, value in found.groupdict().items()
        if name != "subscriptionId"
    }
