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
NETWORK = "Microsoft.Network"
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


@dataclass(frozen=True, slots=True)
class Function:
    """An SDK function that is a POST on a resource: the resource's token and the ARM action's name."""

    token: str
    action: str


@dataclass(frozen=True)
class ResourceType:
    """One emulated type.

    path: id template; its parameters are the SDK's inputs of the same name (case aside)
    tokens: Pulumi tokens without the package's name; none for types that only ARM clients use
    force_new: inputs whose change needs a new resource, dotted (`sku.name`), `[]` for any list item, besides
        the path parameters and `location`
    inline: body properties whose items are resources of their own, and their child type
    presence: see Presence; a resource that comes with its parent is never deleted on its own
    top: SDK inputs that stand at the top of the ARM body although others go into `properties`
    nested: SDK inputs that belong into `properties` although their names are those of envelope keys
    query: SDK inputs that Azure takes as query parameters, no part of the body
    wire: SDK name -> ARM name, where they differ
    secret: outputs that are secret whatever the inputs were, dotted
    computed: SDK inputs that Azure changes by itself; they are no drift unless the program sets them
    plane: see Plane; ARM itself knows no types of the others
    """

    path: str
    tokens: tuple[str, ...] = ()
    name: NameRule | None = None
    unique: Uniqueness = "parent"
    force_new: tuple[str, ...] = ()
    inline: Mapping[str, str] = field(default_factory=dict)
    presence: Presence = "explicit"
    top: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    wire: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
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
    if f"/{NETWORK}/" in path:
        columns.setdefault("top", frozenset({"id", "name", "type", "etag"}))
    return ResourceType(path if path.startswith("/") else f"/{path}", tokens, **columns)
