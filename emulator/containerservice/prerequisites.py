"""What a cluster needs of others before it can be made: rights of its identity, and its subnet's way out.

The words of the refusals are those of reports in Azure/AKS and of "Create a private AKS cluster" and "Use a
managed identity in AKS"; that of a subnet without a NAT gateway is from memory.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.principal import Principal

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGN: Final = f"{IDENTITY}/assign/action"
READ_ZONE, WRITE_ZONE = "Microsoft.Network/privateDnsZones/read", "Microsoft.Network/privateDnsZones/A/write"
JOIN: Final = "Microsoft.Network/virtualNetworks/subnets/join/action"

Json = dict[str, Any]


def install(arm: Arm, identity: Identity) -> None:
    """Check a cluster before it is made."""

    @arm.before_put(CLUSTER)
    def cluster(put: Put) -> None:
        if put.old is not None:
            return
        subnets = _subnets(put.properties)
        _check_way_out(arm, put.properties.get("networkProfile") or {}, subnets)
        who = _control_plane(identity, put.resource)
        if who is not None:
            _check_zone(identity, who, put.properties.get("apiServerAccessProfile") or {})
            _check_kubelet(identity, who, put.properties.get("identityProfile") or {})
            _check_join(identity, who, subnets)


def _subnets(properties: Json) -> list[str]:
    pools: list[Json] = properties.get("agentPoolProfiles") or []
    return [str(pool["vnetSubnetID"]) for pool in pools if pool.get("vnetSubnetID")]


def _control_plane(identity: Identity, resource: Json) -> Principal | None:
    """The user-assigned identity of the cluster. What Azure makes itself gets its rights from Azure."""
    chosen: Json = (resource.get("identity") or {}).get("userAssignedIdentities") or {}
    for one in chosen.values():
        return identity.directory.find(str(one.get("principalId", "")))
    return None


def _check_way_out(arm: Arm, profile: Json, subnets: list[str]) -> None:
    kind = profile.get("outboundType")
    for text in subnets:
        properties = (arm.find(text) or {}).get("properties", {})
        if kind == "userDefinedRouting" and not properties.get("routeTable"):
            raise _refused(
                "ExistingRouteTableNotAssociatedWithSubnet",
                f"An existing route table has not been associated with subnet {text}. Please update the "
                "route table association.",
            )
        if kind == "userAssignedNATGateway" and not properties.get("natGateway"):
            raise _refused(
                "ExistingNATGatewayNotAssociatedWithSubnet",
                f"An existing NAT gateway has not been associated with subnet {text}. Please update the NAT "
                "gateway association.",
            )


def _check_zone(identity: Identity, who: Principal, server: Json) -> None:
    zone = str(server.get("privateDNSZone") or "")
    if not server.get("enablePrivateCluster") or not zone.startswith("/"):
        return
    for action in (READ_ZONE, WRITE_ZONE):
        if not identity.allowed(who, action, zone):
            raise _refused(
                "CustomPrivateDNSZoneMissingPermissionError",
                "Service principal or user assigned identity must be given permission to read and write to "
                f"custom private dns zone {zone}. Check access result not allowed for action {action}.",
            )


def _check_kubelet(identity: Identity, who: Principal, profiles: Json) -> None:
    kubelet = str((profiles.get("kubeletidentity") or {}).get("resourceId") or "")
    if kubelet and not identity.allowed(who, ASSIGN, kubelet):
        raise _refused(
            "CustomKubeletIdentityMissingPermissionError",
            "The cluster using user-assigned managed identity must be granted 'Managed Identity Operator' "
            f"role to assign kubelet identity. Check access result not allowed for action {ASSIGN}.",
        )


def _check_join(identity: Identity, who: Principal, subnets: list[str]) -> None:
    for text in subnets:
        if not identity.allowed(who, JOIN, text):
            raise AzureError(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{who.client_id}' with object id '{who.object_id}' does not have authorization "
                f"to perform action '{JOIN}' over scope '{text}' or the scope is invalid.",
            )


def _refused(code: str, message: str) -> AzureError:
    return AzureError(400, code, message)
