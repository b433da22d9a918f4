"""Private endpoints: their connections are approved at once."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

ENDPOINT: Final = "Microsoft.Network/privateEndpoints"
ZONE_GROUP: Final = f"{ENDPOINT}/privateDnsZoneGroups"
APPROVED: Final = {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}
# "Private-link resource" (read 2026-11): type of the service, lower case -> the groups of its endpoints
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "microsoft.machinelearningservices/workspaces": ("amlworkspace",),
    "microsoft.storage/storageaccounts": tuple(
        f"{group}{secondary}"
        for group in ("blob", "dfs", "file", "queue", "table", "web")
        for secondary in ("", "_secondary")
        if (group, secondary) != ("file", "_secondary")
    ),
    "microsoft.keyvault/vaults": ("vault",),
    "microsoft.containerregistry/registries": ("registry",),
    "microsoft.insights/privatelinkscopes": ("azuremonitor",),
}

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Hooks of private endpoints and of their zone groups."""

    @arm.before_put(ENDPOINT)
    def connect(put: Put) -> None:
        name = put.resource["name"]
        if not (put.properties.get("subnet") or {}).get("id"):
            raise AzureError(
                400, "InvalidRequestFormat", f"Private endpoint '{name}': subnet.id is required."
            )
        for one in put.properties.get("privateLinkServiceConnections") or []:
            properties = one.setdefault("properties", {})
            _check_group(arm, name, properties)
            properties["privateLinkServiceConnectionState"] = dict(APPROVED)
            properties["provisioningState"] = "Succeeded"
            one["id"] = f"{put.id}/privateLinkServiceConnections/{one.get('name', name)}"

    @arm.before_put(ZONE_GROUP)
    def zones(put: Put) -> None:
        for one in put.properties.get("privateDnsZoneConfigs") or []:
            zone = (one.get("properties") or {}).get("privateDnsZoneId")
            if not zone or arm.find(zone) is None:
                raise AzureError(
                    400,
                    "InvalidResourceReference",
                    f"Resource {zone} referenced by resource {put.id} was not found. Please make sure that "
                    "the referenced resource exists, and that both resources are in the same region.",
                )


def _check_group(arm: Arm, name: str, connection: Json) -> None:
    service = str(connection.get("privateLinkServiceId", ""))
    groups = GROUPS.get((arm.find(service) or {}).get("type", "").lower())
    asked = connection.get("groupIds") or []
    if groups and (len(asked) != 1 or asked[0] not in groups):
        raise AzureError(
            400,
            "PrivateEndpointInvalidGroupId",
            f"Private endpoint '{name}': groupIds is {asked}; for {service} it is one of "
            f"{', '.join(groups)}.",
        )


def connections(arm: Arm, resource: Json) -> list[Json]:
    """One connection for each private endpoint that leads to a resource: its privateEndpointConnections."""
    endpoints = [one for one in arm.store.users(resource["id"]) if one["type"].lower() == ENDPOINT.lower()]
    return [
        {
            "id": f"{resource['id']}/privateEndpointConnections/{endpoint['name']}",
            "name": endpoint["name"],
            "type": f"{resource['type']}/privateEndpointConnections",
            "properties": {
                "privateEndpoint": {"id": endpoint["id"]},
                "privateLinkServiceConnectionState": dict(APPROVED),
                "provisioningState": "Succeeded",
            },
        }
        for endpoint in sorted(endpoints, key=lambda one: fold(one["id"]))
    ]
