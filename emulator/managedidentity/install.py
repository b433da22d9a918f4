"""Managed identities: user-assigned ones, system-assigned ones, and federated credentials."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from emulator.arm.ids import fold, parse
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.identity.directory import TENANT_ID, client_of
from emulator.identity.service import Identity

USER_ASSIGNED: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
FEDERATED: Final = f"{USER_ASSIGNED}/federatedIdentityCredentials"
KINDS: Final = {"None", "SystemAssigned", "UserAssigned"}
MAXIMUM_CREDENTIALS: Final = 20
WRITE_S: Final = 0.05  # how long Azure is busy with one federated credential: here a moment, there seconds


def install(arm: Arm, store: Store, identity: Identity) -> None:
    """Hooks for the identities themselves, and for the ``identity`` of every other resource."""
    directory = identity.directory

    @arm.before_put(USER_ASSIGNED)
    def computed(put: Put) -> None:
        if not put.resource.get("location"):
            raise AzureError(400, "LocationRequired", f"The location property is required for '{put.id}'.")
        held = (put.old or {}).get("properties", {})
        put.properties.update(
            tenantId=TENANT_ID,
            principalId=held.get("principalId") or str(uuid.uuid4()),
            clientId=held.get("clientId") or str(uuid.uuid4()),
        )

    @arm.with_put(USER_ASSIGNED)
    def known(put: Put) -> None:
        directory.add_managed(put.id, put.properties["principalId"], put.properties["clientId"])

    @arm.with_delete(USER_ASSIGNED)
    def forgotten(resource: dict[str, Any]) -> None:
        directory.remove(resource["properties"]["principalId"])

    writing: set[str] = set()  # folded ids of identities of which a credential is being written

    @arm.before_put(FEDERATED)
    def federated(put: Put) -> None:
        owner = put.id.rsplit("/", 2)[0]
        if fold(owner) in writing:
            raise AzureError(
                409,
                "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
                "Too many Federated Identity Credentials are written concurrently for the managed identity "
                f"'{owner}'. Concurrent Federated Identity Credentials writes under the same managed "
                "identity are not supported.",
            )
        for key in ("issuer", "subject", "audiences"):
            if not put.properties.get(key):
                raise AzureError(400, "BadRequest", f"'{put.id}': properties.{key} is required.")
        for other in store.children(put.id.rsplit("/", 1)[0]):
            same = all(other["properties"][key] == put.properties[key] for key in ("issuer", "subject"))
            if same and other["name"].lower() != put.resource["name"].lower():
                raise AzureError(
                    409,
                    "Conflict",
                    "Issuer and subject combination already exists for this Managed Identity "
                    f"({other['id']}).",
                )
        if put.old is None and len(store.children(put.id.rsplit("/", 1)[0])) >= MAXIMUM_CREDENTIALS:
            raise AzureError(
                400, "BadRequest", f"An identity has at most {MAXIMUM_CREDENTIALS} federated credentials."
            )

    @arm.with_put(FEDERATED)
    def begun(put: Put) -> None:
        writing.add(fold(put.id.rsplit("/", 2)[0]))

    @arm.after_put(FEDERATED)
    def written(put: Put) -> None:
        time.sleep(WRITE_S)
        writing.discard(fold(put.id.rsplit("/", 2)[0]))

    @arm.before_put("*")
    def assigned(put: Put) -> None:
        identity = put.resource.get("identity")
        if not isinstance(identity, dict):
            return
        kinds = {part.strip() for part in str(identity.get("type", "None")).split(",")}
        if not kinds <= KINDS:
            raise AzureError(
                400,
                "InvalidIdentityType",
                f"'{put.id}': identity.type is '{identity.get('type')}'; it must be made of "
                f"{', '.join(sorted(KINDS))}.",
            )
        if "SystemAssigned" in kinds:
            held = ((put.old or {}).get("identity") or {}).get("principalId")
            identity.update(principalId=held or str(uuid.uuid4()), tenantId=TENANT_ID)
        else:
            identity.pop("principalId", None)
        chosen: dict[str, Any] = identity.get("userAssignedIdentities") or {}
        if ("UserAssigned" in kinds) != bool(chosen):
            raise AzureError(
                400,
                "InvalidIdentityType",
                f"'{put.id}': identity.type 'UserAssigned' and identity.userAssignedIdentities go together.",
            )
        if chosen:
            identity["userAssignedIdentities"] = {text: _of(text) for text in chosen}

    def _of(text: str) -> dict[str, str]:
        parsed = parse(text)
        found = store.get(text)
        if parsed is None or parsed.type.lower() != USER_ASSIGNED.lower() or found is None:
            raise AzureError(
                400, "FailedIdentityOperation", f"The user-assigned identity '{text}' could not be found."
            )
        return {key: found["properties"][key] for key in ("clientId", "principalId")}

    @arm.with_put("*")
    def system_known(put: Put) -> None:
        before = ((put.old or {}).get("identity") or {}).get("principalId")
        now = (put.resource.get("identity") or {}).get("principalId")
        if before and before != now:
            directory.remove(before)
        if now and now != before:
            directory.add_managed(put.id, now, client_of(now))

    @arm.with_delete("*")
    def system_forgotten(resource: dict[str, Any]) -> None:
        held = (resource.get("identity") or {}).get("principalId")
        if held:
            directory.remove(held)
