"""What Microsoft.ContainerService computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import ETAG, Facts, Table

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
IMAGE: Final = "AKSUbuntu-2204gen2containerd-202511.01.0"  # of nodes; AKS releases, 2025-11


def _portal(facts: Facts) -> str | None:
    """The address for Azure's portal, which differs from the cluster's own by one label."""
    return _portal_of(facts.properties)


def _portal_of_cluster(facts: Facts) -> str | None:
    """The cluster's, which a namespace of it repeats."""
    cluster = facts.store.get(facts.id.rsplit("/", 2)[0]) or {}
    return _portal_of(cluster.get("properties") or {})


def _portal_of(properties: dict[str, Any]) -> str | None:
    address = str(properties.get("fqdn") or properties.get("privateFQDN") or "")
    label, _, rest = address.partition(".")
    return f"{label}.portal.{rest}" if rest else None


COMPUTED: Final[Table] = {
    CLUSTER: {
        "eTag": ETAG,
        "properties.maxAgentPools": 100,
        "properties.resourceUID": "{long}",
        "properties.azurePortalFQDN": _portal,
        "properties.agentPoolProfiles[].eTag": ETAG,
        "properties.agentPoolProfiles[].nodeImageVersion": IMAGE,
    },
    f"{CLUSTER}/managedNamespaces": {"eTag": ETAG, "properties.portalFqdn": _portal_of_cluster},
    f"{CLUSTER}/agentPools": {"properties.eTag": ETAG, "properties.nodeImageVersion": IMAGE},
}
ABSENT: Final = {
    CLUSTER: {
        "fqdn": "only of a cluster whose API is public; a private one has privateFQDN",
        "privateFQDN": "only of a private cluster",
    }
}
