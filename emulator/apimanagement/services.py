"""What Azure refuses of API Management services: a way in that is shut at creation, a subnet not theirs."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.network import privateendpoints

SERVICE: Final = "Microsoft.ApiManagement/service"
INTEGRATION: Final = "Microsoft.Web/serverFarms"
V2: Final = frozenset({"BasicV2", "StandardV2", "PremiumV2"})
INTEGRATED: Final = "StandardV2"

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Register the hooks."""

    @arm.before_put(SERVICE)
    def service(put: Put) -> None:
        name, properties = put.resource["name"], put.properties
        _check_way_in(arm, put, restored=put.body.get("properties", {}).get("restore") is True)
        _check_subnet(arm, put.resource)
        properties["gatewayUrl"] = f"https://{name.lower()}.azure-api.net"
        properties["managementApiUrl"] = f"https://{name.lower()}.management.azure-api.net"
        properties.setdefault("publicNetworkAccess", "Enabled")
        v2 = (put.resource.get("sku") or {}).get("name") in V2
        properties["platformVersion"] = "mtv1" if v2 else "stv2.1"

    @arm.on_get(SERVICE)
    def connected(resource: Json) -> Json:
        found = privateendpoints.connections(arm, resource)
        if found:
            resource["properties"]["privateEndpointConnections"] = found
        return resource


def _check_way_in(arm: Arm, put: Put, *, restored: bool) -> None:
    """As in hashicorp/terraform-provider-azurerm#21506; the second refusal's words are from memory."""
    if put.properties.get("publicNetworkAccess") != "Disabled" or restored:
        return
    name = put.resource["name"]
    if put.old is None:
        raise AzureError(
            400,
            "InvalidParameters",
            "Invalid parameter: Blocking all public network access by setting property `publicNetworkAccess` "
            f"of API Management service {name} is not enabled during service activation.",
        )
    if not privateendpoints.connections(arm, put.old):
        raise AzureError(
            400,
            "InvalidParameters",
            "Invalid parameter: Blocking all public network access by setting property `publicNetworkAccess` "
            f"of API Management service {name} needs at least one approved private endpoint connection.",
        )


def _check_subnet(arm: Arm, resource: Json) -> None:
    """A Standard v2 service goes out by a subnet that is delegated for it ("Integrate … for outbound")."""
    properties = resource["properties"]
    wanted = (properties.get("virtualNetworkConfiguration") or {}).get("subnetResourceId")
    if not wanted or (resource.get("sku") or {}).get("name") != INTEGRATED:
        return
    subnet = arm.find(str(wanted)) or {}
    delegations: list[Json] = (subnet.get("properties") or {}).get("delegations") or []
    services = [str((one.get("properties") or {}).get("serviceName", "")).lower() for one in delegations]
    if INTEGRATION.lower() not in services:
        raise AzureError(
            400,
            "InvalidParameters",
            f"Invalid parameter: the subnet {wanted} of API Management service {resource['name']} must be "
            f"delegated to {INTEGRATION}.",
        )
