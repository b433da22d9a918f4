"""Microsoft.Network: what holds between networks, subnets, security groups, NAT gateways and addresses."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold, within
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.network import (
    addresses,
    dnszones,
    interfaces,
    peerings,
    privateendpoints,
    public,
    purposes,
    records,
    references,
    security,
    serviceendpoints,
)

VNET: Final = "Microsoft.Network/virtualNetworks"
SUBNET: Final = f"{VNET}/subnets"
NAT: Final = "Microsoft.Network/natGateways"

# type -> code with which Azure refuses to delete what something else uses
IN_USE: Final = {
    SUBNET: "InUseSubnetCannotBeDeleted",
    "Microsoft.Network/networkSecurityGroups": "InUseNetworkSecurityGroupCannotBeDeleted",
    "Microsoft.Network/routeTables": "InUseRouteTableCannotBeDeleted",
    "Microsoft.Network/applicationSecurityGroups": "InUseApplicationSecurityGroupCannotBeDeleted",
    "Microsoft.Network/serviceEndpointPolicies": "InUseServiceEndpointPolicyCannotBeDeleted",
    "Microsoft.Network/publicIPAddresses": "PublicIPAddressCannotBeDeleted",
    NAT: "InUseNatGatewayCannotBeDeleted",
}
# what only allows traffic from a subnet, or speaks of it, does not hold it
LOOSE: Final = {
    "microsoft.storage/storageaccounts",
    "microsoft.keyvault/vaults",
    "microsoft.containerregistry/registries",
    "microsoft.network/privatednszones/virtualnetworklinks",
}
LOOSE_NAMESPACE: Final = "microsoft.insights/"  # what watches


def delegations(subnet: dict[str, Any]) -> set[str]:
    """The services (lower case) that a subnet is delegated to."""
    return {
        str((one.get("properties") or {}).get("serviceName", "")).lower()
        for one in subnet["properties"].get("delegations") or []
    }


def install(arm: Arm, store: Store, identity: Identity) -> None:
    """Hooks of the networking types."""
    security.install(arm)
    public.install(arm)
    peerings.install(arm)
    references.install(arm)
    records.install(arm, store, identity)
    interfaces.install(arm)
    privateendpoints.install(arm, identity)
    dnszones.install(arm)
    serviceendpoints.install(arm)

    @arm.before_put(VNET)
    def network(put: Put) -> None:
        space = _space(put.resource)
        addresses.check_space(put.resource["name"], space)
        for subnet in store.children(f"{put.id}/subnets"):
            for one in addresses.networks(addresses.prefixes_of(subnet), subnet["name"]):
                if put.body.get("properties", {}).get("subnets") is None and not any(
                    addresses.inside(one, outer) for outer in space
                ):
                    raise AzureError(
                        400,
                        "InUsePrefixCannotBeDeleted",
                        f"Virtual network '{put.resource['name']}': subnet '{subnet['name']}' ({one}) "
                        "would lie "
                        "outside of its address space.",
                    )

    @arm.before_put(SUBNET)
    def subnet(put: Put) -> None:
        vnet = arm.get(put.id.rsplit("/subnets/", 1)[0])
        name = put.resource["name"]
        others = {
            other["name"]: addresses.networks(addresses.prefixes_of(other), other["name"])
            for other in store.children(f"{vnet['id']}/subnets")
            if fold(other["id"]) != fold(put.id)
        }
        ranges = addresses.networks(addresses.prefixes_of(put.resource), name)
        addresses.check_subnet(vnet["name"], name, ranges, _space(vnet), others)
        purposes.check(name, ranges, delegations(put.resource))
        given = put.properties.get("delegations") or []
        if len(given) > 1:
            raise AzureError(
                400,
                "SubnetHasMultipleDelegations",
                f"Subnet '{name}' can be delegated to one service at most.",
            )
        for one in given:
            if not (one.get("properties") or {}).get("serviceName"):
                raise AzureError(
                    400,
                    "InvalidRequestFormat",
                    f"Subnet '{name}': a delegation has no properties.serviceName.",
                )
            one["id"] = f"{put.id}/delegations/{one.get('name', 'delegation')}"
            one["properties"]["provisioningState"] = "Succeeded"
        if put.old and delegations(put.old) - delegations(put.resource) and _users(arm, put.id):
            raise AzureError(
                400,
                "SubnetDelegationsCannotChangeWhenSubnetUsedByResource",
                f"Delegations of subnet '{name}' cannot be changed while it is used by "
                f"{_users(arm, put.id)[0]}.",
            )

    @arm.before_put(NAT)
    def nat(put: Put) -> None:
        if (put.resource.get("sku") or {}).get("name") not in {"Standard", "StandardV2"}:
            raise AzureError(
                400, "InvalidRequestFormat", f"NAT gateway '{put.id}': sku.name must be Standard."
            )
        for reference in put.properties.get("publicIpAddresses") or []:
            if not reference.get("id"):
                words = f"NAT gateway '{put.id}': an item of publicIpAddresses has no id."
                raise AzureError(400, "InvalidRequestFormat", words)
            address = arm.get(reference["id"])
            if (address.get("sku") or {}).get("name") not in {"Standard", "StandardV2"}:
                raise AzureError(
                    400,
                    "NatGatewayPublicIpAddressMustBeStandardSku",
                    f"NAT gateway '{put.id}': public address '{address['id']}' must have sku.name Standard.",
                )

    @arm.on_get(NAT)
    def nat_subnets(resource: dict[str, Any]) -> dict[str, Any]:
        users = [one for one in _users(arm, resource["id"]) if "/subnets/" in one.lower()]
        resource["properties"]["subnets"] = [{"id": one} for one in users]
        return resource

    for arm_type, code in IN_USE.items():

        def in_use(resource: dict[str, Any], code: str = code) -> None:
            root = arm.deletion_root
            users = [one for one in _users(arm, resource["id"]) if not (root and within(one, root))]
            if users:
                name, kind = resource["name"], resource["type"].rsplit("/", 1)[-1]
                words = f"{kind} {name} is in use by {users[0]} and cannot be deleted ({resource['id']})."
                if kind == "subnets":  # as in Azure/deployment-stacks#150
                    words = (
                        f"Subnet {name} is in use by {users[0]} and cannot be deleted. In order to delete "
                        "the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
                    )
                raise AzureError(400, code, words)

        arm.before_delete(arm_type)(in_use)


def _space(vnet: dict[str, Any]) -> list[addresses.Network]:
    space = vnet["properties"].get("addressSpace") or {}
    return addresses.networks(space.get("addressPrefixes") or [], vnet["name"])


def _users(arm: Arm, resource_id: str) -> list[str]:
    """The ids of the resources whose bodies point at an id, without those that only allow its traffic."""
    return [
        item["id"]
        for item in arm.store.users(resource_id)
        if not within(item["id"], resource_id)
        and not within(resource_id, item["id"])
        and item["type"].lower() not in LOOSE
        and not item["type"].lower().startswith(LOOSE_NAMESPACE)
    ]
