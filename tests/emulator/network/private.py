"""A private estate in small: services without public access, a network, endpoints, zones and their links."""

from __future__ import annotations

from typing import Any

from tests.emulator.core.conftest import GROUP, LOCATION, Client

Json = dict[str, Any]
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/vnet"
INSIDE = f"{VNET}/subnets/ci-runners"
ENDPOINTS = f"{VNET}/subnets/private-endpoints"
RULES = f"{NETWORK}/networkSecurityGroups/nsg-ci"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stprivate"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-private"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crprivate"
# service -> its group and the zone of its names
LINKS = {
    ACCOUNT: ("blob", "privatelink.blob.core.windows.net"),
    VAULT: ("vault", "privatelink.vaultcore.azure.net"),
    REGISTRY: ("registry", "privatelink.azurecr.io"),
}


def endpoint_of(service: str) -> str:
    return f"{NETWORK}/privateEndpoints/pep-{service.rsplit('/', 1)[-1]}"


def zone_of(service: str) -> str:
    return f"{NETWORK}/privateDnsZones/{LINKS[service][1]}"


def link_of(service: str) -> str:
    return f"{zone_of(service)}/virtualNetworkLinks/vnet"


def zone_group_of(service: str) -> str:
    return f"{endpoint_of(service)}/privateDnsZoneGroups/default"


def account(**properties: Any) -> Json:
    body = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    return {**body, "properties": {"publicNetworkAccess": "Disabled", **properties}}


def vault(**properties: Any) -> Json:
    kept = {"tenantId": "t", "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    return {
        "location": LOCATION,
        "properties": {**kept, "publicNetworkAccess": "Disabled", **properties},
    }


def registry(**properties: Any) -> Json:
    properties = {"publicNetworkAccess": "Disabled", **properties}
    return {"location": LOCATION, "sku": {"name": "Premium"}, "properties": properties}


def subnet(prefix: str, **properties: Any) -> Json:
    return {"properties": {"addressPrefix": prefix, **properties}}


def network(client: Client) -> None:
    """A network with a subnet for callers and one for endpoints."""
    client.group()
    client.ok("PUT", RULES, {"location": LOCATION})
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    client.ok("PUT", VNET, {"location": LOCATION, "properties": space})
    client.ok("PUT", INSIDE, subnet("10.0.1.0/24", networkSecurityGroup={"id": RULES}))
    client.ok("PUT", ENDPOINTS, subnet("10.0.2.0/24", privateEndpointNetworkPolicies="Enabled"))


def services(client: Client) -> None:
    for service, body in ((ACCOUNT, account()), (VAULT, vault()), (REGISTRY, registry())):
        client.ok("PUT", service, body)


def endpoint(service: str, **connection: Any) -> Json:
    one = {"privateLinkServiceId": service, "groupIds": [LINKS[service][0]], **connection}
    return {
        "location": LOCATION,
        "properties": {
            "subnet": {"id": ENDPOINTS},
            "privateLinkServiceConnections": [{"name": "link", "properties": one}],
        },
    }


def zone_group(service: str) -> Json:
    config = {"name": "zone", "properties": {"privateDnsZoneId": zone_of(service)}}
    return {"properties": {"privateDnsZoneConfigs": [config]}}


def connect(client: Client, service: str) -> None:
    """Endpoint, zone, link and zone group of a service."""
    client.ok("PUT", endpoint_of(service), endpoint(service))
    client.ok("PUT", zone_of(service), {"location": "global"})
    link = {"virtualNetwork": {"id": VNET}, "registrationEnabled": False}
    client.ok("PUT", link_of(service), {"location": "global", "properties": link})
    client.ok("PUT", zone_group_of(service), zone_group(service))
