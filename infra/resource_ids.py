"""ARM resource ids of what exists already, as settings name it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Final

GROUP: Final = ""
"""The type of a resource group itself, in `parse`."""
_PARTS: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[-\w.()]{1,90})"
    r"(?:/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ResourceId:
    """type, name: empty for a resource group."""

    subscription: str
    group: str
    type: str
    name: str

    def __str__(self) -> str:
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{group}/providers/{self.type}/{self.name}" if self.type else group


def form(type_: str) -> str:
    """What an id of this type looks like."""
    return str(ResourceId("SUBSCRIPTION", "GROUP", type_, "NAME"))


def parse(text: str, type_: str) -> ResourceId:
    """The id of a resource of this type (GROUP: of a resource group). Raises ValueError with advice.

    Azure compares ids without case: the result has the case of the type that was asked for.
    """
    found = _PARTS.fullmatch(text)
    if not found:
        raise ValueError(f"write the whole resource id, as {form(type_)}")
    kind = found["type"] or GROUP
    if kind.lower() != type_.lower():
        raise ValueError(f"this names a {kind or 'resource group'}; write {form(type_)}")
    try:
        subscription = str(uuid.UUID(found["subscription"]))
    except ValueError:
        raise ValueError(
            f"{found['subscription']!r} is no subscription's UUID; write {form(type_)}"
        ) from None
    return ResourceId(subscription, found["group"], type_, found["name"] or "")
