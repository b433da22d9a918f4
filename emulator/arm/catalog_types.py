"""The shape of a row of the catalog of resource types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Uniqueness = Literal["parent", "global"]
"""Within what a name must be unique: its parent, or all of Azure (it becomes a host name)."""

Plane = Literal["arm", "blob"]
"""Where it is written: Azure Resource Manager, or (the SDK's own inventions) the data plane of storage."""

Presence = Literal["explicit", "with_parent", "with_child"]
"""How a resource comes to be: by its own PUT, with its parent, or with the first child put under it."""

GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
RECORD_TYPES = ("A", "AAAA", "CNAME", "MX", "PTR", "SOA", "SRV", "TXT")


@dataclass(frozen=True, slots=True)
class NameRule:
    """What Azure accepts as a name: length and pattern (full match), and the same in words."""

    minimum: int
    maximum: int
    pattern: str
    words: str

    def problem(self, name: str) -> str | None:
        """Why `name` is refused, or None."""
        if not self.minimum <= len(name) <= self.maximum:
            return f"{name!r} has {len(name)} characters, {self.minimum} to {self.maximum} are allowed"
        if not re.fullmatch(self.pattern, name):
            return f"{name!r} is not a valid name here: {self.words}"
        return None


@dataclass(frozen=True)
class ResourceType:
    """One emulated type. What only the Pulumi provider needs stands in `emulator.provider.traits_table`.

    path: id template; its parameters are the SDK's inputs of the same name (case aside)
    tokens: Pulumi tokens without the package's name; none for types that only ARM clients use
    inline: body properties whose items are resources of their own, and their child type
    presence: see Presence; a resource that comes with its parent is never deleted on its own
    plane: see Plane; ARM itself knows no types of the others
    """

    path: str
    tokens: tuple[str, ...] = ()
    name: NameRule | None = None
    unique: Uniqueness = "parent"
    inline: Mapping[str, str] = field(default_factory=dict[str, str])
    presence: Presence = "explicit"
    plane: Plane = "arm"

    @cached_property
    def arm_type(self) -> str:
        """`Microsoft.Storage/storageAccounts`; a varying segment stays as `{recordType}`."""
        if self.path == GROUP:
            return "Microsoft.Resources/resourceGroups"
        provider, *rest = self.path.rsplit("/providers/", 1)[-1].split("/")
        return "/".join([provider, *rest[::2]])

    @cached_property
    def arm_type_pattern(self) -> re.Pattern[str]:
        """Lower-case pattern that the types of this row match in full."""
        records = "|".join(RECORD_TYPES).lower()
        return re.compile(re.sub(r"\\\{recordtype\\\}", f"(?:{records})", re.escape(self.arm_type.lower())))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The path's parameters in order, without the subscription."""
        return tuple(p for p in re.findall(r"\{(\w+)\}", self.path) if p != "subscriptionId")

    @property
    def own_name(self) -> str:
        """The path parameter that is the resource's own name; empty when the path ends in a fixed word."""
        return self.parameters[-1] if self.path.endswith("}") else ""

    @property
    def is_child(self) -> bool:
        """Whether its parent is a resource other than a group, a subscription or an extended scope."""
        return self.arm_type.count("/") > 1


def Row(path: str, *tokens: str, **columns: Any) -> ResourceType:
    """A row; a path that begins with a resource provider stands in a resource group."""
    if not path.startswith(("/", "{")):
        path = f"{GROUP}/providers/{path}"
    return ResourceType(path if path.startswith("/") else f"/{path}", tokens, **columns)
