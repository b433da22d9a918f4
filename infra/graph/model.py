"""A stack's resources as the program asked for them. No Pulumi in here: what reads graphs starts fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PACKAGE: Final = "azure-native:"
NO_REFERENCES: Final[Mapping[str, tuple[str, ...]]] = {}


@dataclass(frozen=True)
class Resource:
    """One resource as the program registered it; `inputs` by wire name.

    parent: its name; "" is the stack. within: the types of all its parents, outermost first, joined by "$",
    as in a URN. references: for each input, the keys of the resources whose outputs it holds. aliases:
    identities that it had before. fixed: inputs whose change makes it anew. error_hooks: what is asked when
    its creation, change or deletion fails.
    """

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    protect: bool = False
    depends_on: frozenset[str] = frozenset()
    ignore_changes: tuple[str, ...] = ()
    create_timeout: str = ""
    fixed: tuple[str, ...] = ()
    delete_before_replace: bool = False
    retain_on_delete: bool = False
    within: str = ""
    aliases: tuple[str, ...] = ()
    error_hooks: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_REFERENCES)

    @property
    def custom(self) -> bool:
        """Whether it exists in Azure; components do not."""
        return self.type.startswith(PACKAGE)

    @property
    def token(self) -> str:
        """The type without the provider: `storage:StorageAccount`."""
        return self.type.removeprefix(PACKAGE)

    @property
    def kind(self) -> str:
        """The type's last word: `StorageAccount`."""
        return self.type.rpartition(":")[2]

    @property
    def key(self) -> str:
        """What references name it by."""
        return f"{self.token}::{self.name}"

    @property
    def identity(self) -> str:
        """What Pulumi knows it by within its stack: the end of its URN."""
        qualified = f"{self.within}${self.type}" if self.within else self.type
        return f"{qualified}::{self.name}"


@dataclass
class Graph:
    """What one run registered, in the order of registration, and the stack's outputs.

    existing: the type of each thing that it looked up, by resource id, as `network:VirtualNetwork`.
    """

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    stack: str = ""
    existing: dict[str, str] = field(default_factory=dict[str, str])

    def one(self, token: str, name: str | None = None) -> Resource:
        found = self.all(token, name)
        if len(found) != 1:
            raise LookupError(f"{len(found)} of {token} {name or ''}")
        return found[0]

    def all(self, token: str, name: str | None = None) -> list[Resource]:
        return [r for r in self.resources if r.token == token and name in (None, r.name)]

    @property
    def custom(self) -> list[Resource]:
        return [r for r in self.resources if r.custom]

    def by_key(self) -> dict[str, Resource]:
        return {r.key: r for r in self.resources}
