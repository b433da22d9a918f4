"""What Azure refuses of clusters and their node pools: sizes of machines, counts, ranges that meet."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from emulator.arm import vmsizes
from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.containerservice import networking
from emulator.errors import AzureError
from emulator.network import addresses
from emulator.quota import families

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
POOL: Final = f"{CLUSTER}/agentPools"
DEFAULT_SERVICES: Final = "10.0.0.0/16"
MOST_NODES: Final = 1000
LEAST_VCPUS: Final = 2
# Of a pool that exists: "Resize node pools" in AKS (read 2026-11); a new pool takes its place.
FIXED: Final = ("vmSize", "osDiskSizeGB", "osType", "vnetSubnetID")


def install(arm: Arm) -> None:
    """Check clusters and node pools."""

    @arm.before_put(CLUSTER)
    def cluster(put: Put) -> None:
        pools: list[dict[str, Any]] = put.properties.get("agentPoolProfiles") or []
        for pool in pools:
            if not pool.get("name"):
                raise _error("InvalidParameter", "An item of agentPoolProfiles has no name.")
            _check_pool(str(pool.get("name", "")), pool, str(put.resource.get("location", "")))
        networking.check(put.properties)
        if put.old is None:
            _check_system(pools)
        _check_ranges(arm, put.properties.get("networkProfile") or {}, pools)

    @arm.before_put(POOL)
    def pool(put: Put) -> None:
        parent = arm.get(put.id.rsplit("/", 2)[0])
        _check_pool(put.resource["name"], put.properties, str(parent.get("location", "")))
        if put.old is not None:
            _check_fixed(put.old["properties"], put.properties)


def _check_fixed(before: dict[str, Any], after: dict[str, Any]) -> None:
    for name in FIXED:
        was, wanted = before.get(name), after.get(name)
        if was and wanted and fold(str(was)) != fold(str(wanted)):
            words = f"Changing property 'properties.{name}' is not allowed."
            raise _error("PropertyChangeNotAllowed", words)


def _check_system(pools: list[dict[str, Any]]) -> None:
    """What Azure's own pods need; in the words of Azure/AKS#1568, appvia/kore#1119 and Azure/AKS#1484."""
    system = [pool for pool in pools if pool.get("mode", "System") == "System"]
    if not system:
        raise _error("MustDefineAtLeastOneSystemPool", "Must define at least one system pool.")
    for pool in system:
        size = families.size(str(pool.get("vmSize") or ""))
        if size is not None and size.vcpus < LEAST_VCPUS:
            raise _error(
                "SystemPoolSkuTooLow",
                "System node pool must use VM sku with more than 2 cores and 4GB memory. Nodepool name: "
                f"{pool['name']}.",
            )
    if all(any(_keeps_away(str(taint)) for taint in pool.get("nodeTaints") or []) for pool in pools):
        raise _error(
            "CanNotTaintAllAgentPools",
            "Operation failed due to insufficient nodes for system pod scheduling. Placing custom taints on "
            "all node pools is not supported.",
        )


def _keeps_away(taint: str) -> bool:
    """Whether a taint keeps Azure's own pods away, which bear with that for critical ones."""
    return not taint.startswith("CriticalAddonsOnly=")


def _check_pool(name: str, pool: dict[str, Any], location: str) -> None:
    size = pool.get("vmSize")
    if size and not vmsizes.exists(str(size)):
        raise _error(
            "BadRequest",
            f"Node pool {name}: the VM size of {size} is not allowed in your subscription in location "
            f"'{location}': Azure has no size of that name{vmsizes.nearest(str(size)) or '.'}",
        )
    count = pool.get("count")
    if isinstance(count, int) and not 0 <= count <= MOST_NODES:
        raise _error(
            "InvalidParameter", f"Node pool {name}: count is {count}; 0 to {MOST_NODES} are allowed."
        )
    least, most = pool.get("minCount"), pool.get("maxCount")
    if pool.get("enableAutoScaling") and isinstance(least, int) and isinstance(most, int) and least > most:
        raise _error("InvalidParameter", f"Node pool {name}: minCount {least} is more than maxCount {most}.")


def _check_ranges(arm: Arm, profile: dict[str, Any], pools: list[dict[str, Any]]) -> None:
    services = addresses.networks([profile.get("serviceCidr") or DEFAULT_SERVICES], "serviceCidr")[0]
    dns = profile.get("dnsServiceIP")
    if dns and not addresses.is_address(dns):
        raise _error("InvalidParameter", f"networkProfile.dnsServiceIP is {dns}, no IP address.")
    if dns and ipaddress.ip_address(str(dns)) not in services:
        raise _error(
            "InvalidParameter",
            f"The DNS service IP {dns} is not in the service CIDR {services} (networkProfile.dnsServiceIP).",
        )
    for pool in pools:
        subnet = arm.find(str(pool["vnetSubnetID"])) if pool.get("vnetSubnetID") else None
        for held in addresses.networks(addresses.prefixes_of(subnet), subnet["name"]) if subnet else ():
            if held.version == services.version and held.overlaps(services):
                raise _error(
                    "ServiceCidrOverlapExistingSubnetsCidr",
                    f"The specified service CIDR {services} is conflicted with an existing subnet CIDR "
                    f"{held}.",
                )


def _error(code: str, message: str) -> AzureError:
    return AzureError(400, code, message)
