"""Which changed inputs make a resource anew: its address, and what Azure takes at creation only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.graph.model import Resource

EVERY: Final = "*"
# Inputs that the provider makes a resource anew for, by type. "*" in a path is any part of it. They come from
# `x-ms-mutability` of Azure's definitions and from Azure's documents; the SDK does not tell them (2026-11).
CREATION_ONLY: Final[dict[str, tuple[str, ...]]] = {
    EVERY: ("location", "extendedLocation", "zones", "zones[[]*"),
    "storage:StorageAccount": (
        "isHnsEnabled",
        "encryption.requireInfrastructureEncryption",
        "kind",
        "isNfsV3Enabled",
    ),
    "keyvault:Vault": ("properties.tenantId", "properties.softDeleteRetentionInDays"),
    "containerregistry:Registry": ("zoneRedundancy", "encryption.*"),
    "containerregistry:AgentPool": ("os", "tier", "virtualNetworkSubnetResourceId"),
    "machinelearningservices:Workspace": (
        "storageAccount",
        "keyVault",
        "hbiWorkspace",
        "enableDataIsolation",
        "kind",
        "encryption.*",
    ),
    "machinelearningservices:Compute": (
        "properties.computeType",
        "properties.properties.osType",
        "properties.properties.vmSize",
        "properties.properties.vmPriority",
        "properties.properties.subnet*",
        "properties.properties.enableNodePublicIp",
        "properties.properties.remoteLoginPortPublicAccess",
    ),
    "network:PrivateEndpoint": (
        "subnet.id",
        "privateLinkServiceConnections*",
        "manualPrivateLinkServiceConnections*",
        "customNetworkInterfaceName",
    ),
    "network:PublicIPAddress": ("sku.*", "publicIPAddressVersion", "publicIPAllocationMethod"),
    "network:NatGateway": ("sku.*",),
    "network:Subnet": (),
    "containerservice:ManagedCluster": (
        "dnsPrefix",
        "nodeResourceGroup",
        "enableRBAC",
        "apiServerAccessProfile.enablePrivateCluster",
        "apiServerAccessProfile.privateDNSZone",
        "networkProfile.networkPlugin",
        "networkProfile.networkDataplane",
        "networkProfile.outboundType",
        "networkProfile.podCidr*",
        "networkProfile.serviceCidr*",
        "networkProfile.dnsServiceIP",
        "linuxProfile.*",
        "agentPoolProfiles[[]*].vmSize",
        "agentPoolProfiles[[]*].vnetSubnetID",
        "agentPoolProfiles[[]*].osDiskType",
    ),
    "containerservice:AgentPool": (
        "vmSize",
        "vnetSubnetID",
        "osType",
        "osDiskType",
        "osDiskSizeGB",
        "type",
        "enableEncryptionAtHost",
        "enableNodePublicIP",
    ),
    "containerinstance:ContainerGroup": (
        "containers*",
        "osType",
        "ipAddress*",
        "subnetIds*",
        "restartPolicy",
        "sku",
        "imageRegistryCredentials*",
    ),
    "apimanagement:ApiManagementService": (),
    "authorization:RoleAssignment": (
        "principalId",
        "principalType",
        "roleDefinitionId",
        "condition",
        "delegatedManagedIdentityResourceId",
    ),
    "managedidentity:FederatedIdentityCredential": (),
    "applicationinsights:Component": (),
    "operationalinsights:Workspace": (),
}
# Names that end in "Name" and are no part of an address, where the SDK cannot be asked.
NO_ADDRESS: Final = ("friendlyName", "displayName", "customNetworkInterfaceName", "dataContainerName")
GLOBAL: Final = ("resourceGroupName", "scope", "resourceUri", "resourceScope", "subscriptionId")


def remade_by(resource: Resource, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of the changed paths for which the resource is deleted and made anew."""
    address = address_of(resource.token)
    patterns = (*CREATION_ONLY[EVERY], *CREATION_ONLY.get(resource.token, ()))
    fixed = tuple(f"{each.removesuffix('.*')}*" for each in resource.fixed)
    return tuple(
        path
        for path in paths
        if (path in address if address is not None else _by_its_name(path))
        or any(fnmatchcase(path, pattern) for pattern in (*patterns, *fixed))
    )


def children_by(resource: Resource) -> tuple[str, ...]:
    """The inputs that name what a resource stands in: the rest of its address."""
    address = address_of(resource.token)
    found = [
        name for name in resource.inputs if (name in address if address is not None else _by_its_name(name))
    ]
    return tuple(found)


def _by_its_name(path: str) -> bool:
    return path in GLOBAL or (path.endswith("Name") and "." not in path and path not in NO_ADDRESS)


# Types that the SDK has no look-up for.
ADDRESSES: Final = {
    "apimanagement:ProductApi": frozenset({"resourceGroupName", "serviceName", "productId", "apiId"}),
    "web:WebAppAuthSettingsV2": frozenset({"resourceGroupName", "name"}),
}


@cache
def address_of(token: str) -> frozenset[str] | None:
    """The inputs in a resource's address, as the SDK's own look-up of the type asks for them; None: not told.

    The SDK's source is read and not imported: that takes no time.
    """
    if token in ADDRESSES:
        return ADDRESSES[token]
    module, _, kind = token.partition(":")
    spec = find_spec("pulumi_azure_native")
    if spec is None or not spec.submodule_search_locations:
        return None
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()
    source = Path(spec.submodule_search_locations[0]) / module / f"get_{words}.py"
    if not source.is_file():
        return None
    text = source.read_text(encoding="utf-8").partition("_output(")[0]
    names = re.findall(r"__args__\['(\w+)'\]", text)
    return frozenset(name for name in names if name not in ("expand", "api-version"))
