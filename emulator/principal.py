"""Who a request comes from, as every part of the emulator sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who can hold a role."""

    object_id: str
    client_id: str  # "" for groups
    kind: str  # ServicePrincipal, Group, User
    groups: tuple[str, ...]
    name: str
    resource_id: str = ""  # of a managed identity
