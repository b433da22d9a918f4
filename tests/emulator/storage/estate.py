"""An emulator in this process and what they make in it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, Principal
from tests.emulator.homes import started_once

SUBSCRIPTION = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
LOCATION = "westeurope"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"


def start(path: Path) -> Emulator:
    """A new emulator with an empty resource group."""
    emulator = Emulator(started_once(path / "home"))
    emulator.arm.put(GROUP, {"location": LOCATION})
    return emulator


def resource(
    emulator: Emulator, path: str, properties: dict[str, Any] | None = None, **rest: Any
) -> dict[str, Any]:
    """PUT ``providers/{path}`` in the group; the resource."""
    body = {"location": LOCATION, "properties": properties or {}, **rest}
    return emulator.arm.put(f"{GROUP}/providers/{path}", body)[0]


def account(emulator: Emulator, name: str = "acct", **properties: Any) -> str:
    """A storage account with the container ``data``; its id."""
    made = resource(
        emulator,
        f"Microsoft.Storage/storageAccounts/{name}",
        properties,
        sku={"name": "Standard_LRS"},
        kind="StorageV2",
    )
    emulator.arm.put(f"{made['id']}/blobServices/default/containers/data", {})
    return made["id"]


def grant(emulator: Emulator, principal_id: str, role: str, scope: str = GROUP) -> str:
    """A role assignment; its id."""
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    assignment = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    emulator.arm.put(
        assignment,
        {"properties": {"roleDefinitionId": definition, "principalId": principal_id}},
    )
    return assignment


def identity(emulator: Emulator, name: str) -> Principal:
    """A user-assigned identity as a principal."""
    made = resource(emulator, f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
    found = emulator.identity.directory.find(made["properties"]["principalId"])
    assert found is not None
    return found


def blob_request(
    emulator: Emulator, method: str, path: str, query: str, headers: dict[str, str], body: bytes = b""
) -> Response:
    """A request to the account ``acct``, as the server hands it on, from the signed-in principal."""
    token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://storage.azure.com")
    return emulator.answer(
        Request(
            method,
            "acct.blob.core.windows.net",
            path,
            path,
            dict(parse_qsl(query, keep_blank_values=True)),
            {"authorization": f"Bearer {token}", "x-ms-version": "2025-01-05", **headers},
            body,
        )
    )
