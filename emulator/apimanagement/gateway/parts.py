"""What one gateway works with: what outlives a request, and the ways out of it."""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.apimanagement.gateway import ids
from emulator.apimanagement.gateway.backends import Standing
from emulator.apimanagement.gateway.connections import Connections
from emulator.apimanagement.gateway.keysets import Keysets
from emulator.apimanagement.gateway.limits import Counters
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.http import Handler
from emulator.identity.service import Identity
from emulator.identity.tokens import audience
from emulator.network.flows import Flows

Where = Callable[[str, int], list[int]]


@dataclass(slots=True)
class Parts:
    """where: local ports behind a private address and port. handler: of an emulated host. ca: file of the
    authorities that https backends are held to."""

    store: Store
    identity: Identity
    where: Where
    handler: Callable[[str], Handler | None]
    ca: Path | None = None
    standing: Standing = field(default_factory=Standing)
    connections: Connections = field(default_factory=Connections)
    counters: Counters = field(default_factory=Counters)
    cache: dict[tuple[str, str], tuple[float, Any]] = field(
        default_factory=dict[tuple[str, str], tuple[float, Any]]
    )
    sleep: Callable[[float], None] = time.sleep
    keysets: Keysets = field(init=False)
    flows: Flows = field(init=False)
    _contexts: dict[tuple[bool, bool], ssl.SSLContext] = field(
        default_factory=dict[tuple[bool, bool], ssl.SSLContext]
    )
    _turns: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.keysets = Keysets(self.handler)
        self.flows = Flows(self.store)

    def turn(self, ports: Sequence[int]) -> int:
        """One of several ports: each in its turn."""
        return ports[next(self._turns) % len(ports)]

    def tls(self, check_chain: bool, check_name: bool) -> ssl.SSLContext:
        """How https backends are held to their certificates."""
        key = check_chain, check_name
        found = self._contexts.get(key)
        if found is None:
            found = ssl.create_default_context()
            if self.ca is not None and self.ca.exists():
                found.load_verify_locations(self.ca)
            found.check_hostname = check_chain and check_name
            if not check_chain:
                found.verify_mode = ssl.CERT_NONE
            self._contexts[key] = found
        return found

    def new_span(self) -> str:
        """An id of a span (W3C Trace Context)."""
        return ids.span_id()

    def token(self, service: dict[str, Any], resource: str, client_id: str = "") -> str:
        """A token of the service's identity for a resource: the system-assigned one unless `client_id` names
        a user-assigned one of it. AzureError where it has none."""
        identity: dict[str, Any] = service.get("identity") or {}
        object_id = str(identity.get("principalId", ""))
        if client_id:
            held: dict[str, Any] = identity.get("userAssignedIdentities") or {}
            fitting = (one for one in held.values() if one and one.get("clientId") == client_id)
            object_id = str(next(fitting, {}).get("principalId", ""))
        principal = self.identity.directory.find(object_id) if object_id else None
        if principal is None:
            which = f"no user-assigned identity {client_id}" if client_id else "no system-assigned identity"
            raise AzureError(400, "ManagedIdentityNotFound", f"The service has {which}.")
        if not self.identity.tokens.issues_for(audience(resource)):
            words = f"The resource principal named {resource or '(none)'} was not found in the tenant."
            raise AzureError(400, "invalid_resource", words)
        return self.identity.tokens.issue(principal, resource)[0]
