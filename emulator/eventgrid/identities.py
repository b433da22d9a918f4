"""By whose right a topic delivers: its identities, and Event Grid itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.eventgrid.destinations import Destination
from emulator.eventgrid.refuse import invalid
from emulator.identity.service import Identity
from emulator.principal import Principal

Json = dict[str, Any]
STORAGE: Final = "https://storage.azure.com"
SERVICES: Final = "Microsoft.Storage/storageAccounts"
FRESH_S: Final = 300  # a token is used for so long
# Microsoft.EventGrid, as which webhooks that Entra ID secures are called; the application has this id in
# every tenant.
EVENT_GRID: Final = Principal(
    "7b2b5e5c-2f0a-4d5e-9c1b-6f1d3c5200e9",
    "4962773b-9cdb-44cf-a8bf-237846a00ab7",
    "ServicePrincipal",
    (),
    "Microsoft.EventGrid",
)
SUBSCRIBER: Final = "AzureEventGridSecureWebhookSubscriber"
# kind of destination -> the actions of which one is needed, the scope below the account, and the role for it
NEEDED: Final[Mapping[str, tuple[tuple[str, ...], str, str]]] = {
    "StorageQueue": (
        (
            f"{SERVICES}/queueServices/queues/messages/add/action",
            f"{SERVICES}/queueServices/queues/messages/write",
        ),
        "queueServices/default/queues/{queueName}",
        "Storage Queue Data Message Sender",
    ),
    "StorageBlob": (
        (f"{SERVICES}/blobServices/containers/blobs/write",),
        "blobServices/default/containers/{blobContainerName}",
        "Storage Blob Data Contributor",
    ),
}


class Identities:
    """Finds the principal of a destination, and its tokens."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}

    def find(self, topic: Json, destination: Destination) -> Principal | None:
        """The principal that a destination names, None where its topic does not have it any more."""
        held: Json = topic.get("identity") or {}
        if destination.identity == "SystemAssigned":
            return self._identity.directory.find(str(held.get("principalId") or ""))
        chosen: Json = held.get("userAssignedIdentities") or {}
        for name, ids in chosen.items():
            if fold(name) == fold(destination.identity):
                return self._identity.directory.find(str(ids.get("principalId") or ""))
        return None

    def require(self, topic: Json, destination: Destination, name: str) -> None:
        """400 unless the topic has the identity, and the identity may deliver there."""
        if not destination.identity:
            return
        who = self.find(topic, destination)
        if who is None:
            raise invalid(
                f"Event subscription {name} delivers by the identity '{destination.identity}', which system "
                f"topic {topic.get('name')} does not have: set its identity first."
            )
        actions, below, role = NEEDED[destination.kind]
        scope = f"{destination.resource_id}/{below.format(**destination.properties)}"
        if not any(self._identity.allowed(who, one, scope, data=True) for one in actions):
            raise invalid(
                f"The identity of event subscription {name} ({who.name}, object id {who.object_id}) may not "
                f"deliver to {scope}: assign the role {role} before the subscription is created."
            )

    def storage_token(self, who: Principal) -> str:
        """A token for storage, the same one for some minutes."""
        with self._lock:
            token, until = self._tokens.get(who.object_id, ("", 0.0))
            if until < time.time():
                token, _ = self._identity.tokens.issue(who, STORAGE)
                self._tokens[who.object_id] = token, time.time() + FRESH_S
            return token

    def webhook_token(self, audience: str) -> str:
        """Event Grid's own token for the application of a webhook; "" where no application has that name."""
        if not self._identity.tokens.issues_for(audience):
            return ""
        return self._identity.tokens.issue(EVENT_GRID, audience, more={"roles": [SUBSCRIBER]})[0]
