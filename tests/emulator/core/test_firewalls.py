"""What Azure refuses in the firewalls of services and in security rules, in its words."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import GROUP, LOCATION, Client

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stfirewalls"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-firewalls"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crfirewalls"
RULES = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
STORAGE_WORDS = (
    "Values for request parameters are invalid: networkAcls.ipRule[*].value. For more information, see - "
    "https://aka.ms/storagenetworkruleset"
)


def rules(*values: str) -> list[dict[str, str]]:
    return [{"value": value, "action": "Allow"} for value in values]


def account(*values: str) -> dict[str, Any]:
    acls = {"defaultAction": "Deny", "ipRules": rules(*values)}
    body = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    return {**body, "properties": {"networkAcls": acls}}


def vault(*values: str) -> dict[str, Any]:
    sku = {"family": "A", "name": "standard"}
    acls = {"defaultAction": "Deny", "ipRules": rules(*values)}
    return {"location": LOCATION, "properties": {"tenantId": "t", "sku": sku, "networkAcls": acls}}


def registry(*values: str) -> dict[str, Any]:
    rule_set = {"defaultAction": "Deny", "ipRules": rules(*values)}
    return {"location": LOCATION, "sku": {"name": "Premium"}, "properties": {"networkRuleSet": rule_set}}


def group(*sources: str, prefix: str = "") -> dict[str, Any]:
    source = {"sourceAddressPrefix": prefix} if prefix else {"sourceAddressPrefixes": list(sources)}
    properties = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
        "destinationAddressPrefix": "*",
        **source,
    }
    return {"location": LOCATION, "properties": {"securityRules": [{"name": "r", "properties": properties}]}}


@pytest.mark.parametrize(
    "values",
    [
        ("10.0.0.0/8",),
        ("100.64.0.0/16",),
        ("203.0.113.0/31",),
        ("not-an-address",),
        ("203.0.113.0/24", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
    ],
)
def test_a_storage_account_takes_public_ranges_once(client: Client, values: tuple[str, ...]) -> None:
    client.group()
    refused = client.refused("PUT", ACCOUNT, account(*values))
    assert refused == (400, "InvalidValuesForRequestParameters", STORAGE_WORDS)
    client.ok("PUT", ACCOUNT, account("203.0.113.0/24", "198.51.100.7"))


def test_a_storage_account_takes_400_ranges(client: Client) -> None:
    client.group()
    many = [f"203.0.{n // 250}.{n % 250}" for n in range(401)]
    assert "networkAcls.ipRules[]." in client.refused("PUT", ACCOUNT, account(*many))[2]
    client.ok("PUT", ACCOUNT, account(*many[:400]))


@pytest.mark.parametrize(
    ("value", "range_"),
    [
        ("10.0.0.0/8", "10.0.0.0\N{EN DASH}10.255.255.255 (private IP addresses)"),
        ("100.64.1.0/24", "100.64.0.0\N{EN DASH}100.127.255.255 (shared address space)"),
    ],
)
def test_a_vault_takes_public_ranges(client: Client, value: str, range_: str) -> None:
    client.group()
    words = "Invalid value found at properties.networkAcls.ipRules[1].value: "
    refused = client.refused("PUT", VAULT, vault("203.0.113.7", value))
    assert refused == (400, "BadRequest", f"{words}{value} belongs to forbidden range {range_}")
    client.ok("PUT", VAULT, vault("203.0.113.7"))


def test_a_registry_takes_100_public_ranges(client: Client) -> None:
    client.group()
    many = [f"203.0.113.{n}" for n in range(101)]
    assert "the limit is 100" in client.refused("PUT", REGISTRY, registry(*many))[2]
    assert "no public IPv4 address" in client.refused("PUT", REGISTRY, registry("100.64.0.0/10"))[2]
    client.ok("PUT", REGISTRY, registry(*many[:100]))


def test_agent_pools_stand_where_azure_has_them(client: Client) -> None:
    client.group()
    client.ok("PUT", REGISTRY, {**registry(), "location": "uksouth"})
    pool = {"location": "uksouth", "properties": {"count": 1}}
    status, code, message = client.refused("PUT", f"{REGISTRY}/agentPools/builds", pool)
    assert (status, code) == (400, "LocationNotAvailableForResourceType")
    assert message.startswith(
        "The provided location 'uksouth' is not available for resource type "
        "'Microsoft.ContainerRegistry/registries/agentPools'. List of available regions for the resource "
        "type is 'eastus,westeurope,"
    )
    client.ok("PUT", f"{REGISTRY}/agentPools/builds", {**pool, "location": "francecentral"})


def test_a_security_rule_takes_no_address_twice(client: Client) -> None:
    client.group()
    status, code, message = client.refused("PUT", RULES, group("203.0.113.0/24", "203.0.113.7"))
    assert (status, code) == (400, "OverlappingSubnetsNotPermittedInSecurityRule")
    assert "SourceAddressPrefix " in message and "203.0.113.0/24 and 203.0.113.7/32" in message
    client.ok("PUT", RULES, group("203.0.113.0/24", "198.51.100.7"))


@pytest.mark.parametrize("region", ["francecentral", "germanywestcentral", "norwayeast", "SwitzerlandNorth"])
def test_a_service_tag_spells_regions_its_own_way(client: Client, region: str) -> None:
    client.group()
    refused = client.refused("PUT", RULES, group(prefix=f"AzureCloud.{region}"))
    assert refused[:2] == (400, "SecurityRuleInvalidAddressPrefix")
    assert refused[2].endswith(f"has invalid Address prefix. Value provided: AzureCloud.{region}.")
    client.ok("PUT", RULES, group(prefix="AzureCloud.centralfrance"))


@pytest.mark.parametrize(
    ("path", "body", "code", "service"),
    [
        (ACCOUNT, account(), "NetworkAclsValidationFailure", "Microsoft.Storage"),
        (VAULT, vault(), "VirtualNetworkNotValid", "Microsoft.KeyVault"),
    ],
)
def test_a_firewall_takes_subnets_with_its_service_endpoint(
    client: Client, path: str, body: dict[str, Any], code: str, service: str
) -> None:
    client.group()
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/24"]}}
    client.ok("PUT", network, {"location": LOCATION, "properties": space})
    subnet = f"{network}/subnets/training"
    client.ok("PUT", subnet, {"properties": {"addressPrefix": "10.0.0.0/28"}})
    body["properties"]["networkAcls"]["virtualNetworkRules"] = [{"id": subnet}]
    refused = client.refused("PUT", path, body)
    assert refused[:2] == (400, code) and "SubnetsHaveNoServiceEndpointsConfigured" in refused[2]
    assert f"Subnets training of virtual network {network} do not have ServiceEndpoints" in refused[2]
    assert f"Add {service} to subnet's ServiceEndpoints collection" in refused[2]
    endpoints = {"addressPrefix": "10.0.0.0/28", "serviceEndpoints": [{"service": service}]}
    client.ok("PUT", subnet, {"properties": endpoints})
    client.ok("PUT", path, body)
