"""Private endpoints lead to a part that their service has."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import GROUP, LOCATION, Client

NETWORK = f"{GROUP}/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/net/subnets/endpoints"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/lake"


def endpoint(target: str, *groups: str) -> dict[str, Any]:
    connection = {"privateLinkServiceId": target, "groupIds": list(groups)}
    return {
        "location": LOCATION,
        "properties": {
            "subnet": {"id": SUBNET},
            "privateLinkServiceConnections": [{"name": "one", "properties": connection}],
        },
    }


@pytest.fixture
def account(client: Client) -> str:
    client.group()
    space = {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "endpoints", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    }
    client.ok("PUT", f"{NETWORK}/virtualNetworks/net", {"location": LOCATION, "properties": space})
    body = {
        "location": LOCATION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"isHnsEnabled": True},
    }
    client.ok("PUT", ACCOUNT, body)
    return ACCOUNT


@pytest.mark.parametrize("group", ["blob", "dfs", "file", "queue", "table"])
def test_storage_has_a_part_for_each_kind(client: Client, account: str, group: str) -> None:
    client.ok("PUT", f"{NETWORK}/privateEndpoints/{group}", endpoint(account, group))


@pytest.mark.parametrize("groups", [("vault",), ("blob", "file"), ()])
def test_another_group_is_refused(client: Client, account: str, groups: tuple[str, ...]) -> None:
    answer = client.refused("PUT", f"{NETWORK}/privateEndpoints/one", endpoint(account, *groups))
    assert answer[:2] == (400, "PrivateEndpointInvalidGroupId")
    assert "blob" in answer[2]


def test_folders_and_versions_exclude_each_other(client: Client, account: str) -> None:
    body = {"properties": {"isVersioningEnabled": True}}
    answer = client.refused("PUT", f"{account}/blobServices/default", body)
    assert answer[:2] == (400, "FeatureNotSupportedForAccount")
