"""The rules between the cluster's settings and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Final

from infra.config_errors import Problem

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]
SURGE_NODES: Final = 2  # an upgrade adds one node to each of the two pools
BALANCER_ADDRESSES: Final = 8  # of the internal load balancers, one for each revision that answers
# "Configure Azure CNI Overlay": each node gets a /24 of the pods' range (read 2026-11).
PODS_OF_A_NODE: Final = 24
# "AKS cluster networking": a services' range is a /12 or smaller.
WIDEST_SERVICES: Final = 12
SMALLEST_SERVICES: Final = 24


def cluster_has_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    cluster = settings.kubernetes
    if cluster is None:
        return
    subnet = next((s for s in settings.network.plan().subnets if s.key == "kubernetes"), None)
    if subnet is None:
        yield Problem("network.subnets.kubernetes", None, "kubernetes needs a subnet; set its range")
        return
    most = cluster.system_nodes.max_nodes + cluster.user_nodes.max_nodes
    room = subnet.hosts - SURGE_NODES - BALANCER_ADDRESSES
    if most > room:
        yield Problem(
            "kubernetes.userNodes.maxNodes",
            cluster.user_nodes.max_nodes,
            f"with kubernetes.systemNodes.maxNodes that is {most} nodes, and network.subnets.kubernetes has "
            f"room for {room} beside upgrades and load balancers; set fewer or enlarge it",
        )


def bounds_are_in_order(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.kubernetes is None:
        return
    for name in ("systemNodes", "userNodes"):
        nodes = settings.kubernetes.system_nodes if name == "systemNodes" else settings.kubernetes.user_nodes
        if nodes.min_nodes > nodes.max_nodes:
            yield Problem(
                f"kubernetes.{name}.minNodes",
                nodes.min_nodes,
                f"kubernetes.{name}.maxNodes is {nodes.max_nodes}; set that or less",
            )


def cluster_ranges_are_free(settings: Settings, _: str) -> Iterator[Problem]:
    """The pods' and the services' addresses are routed in the cluster only, and hide what overlaps them."""
    cluster = settings.kubernetes
    if cluster is None:
        return
    space = settings.network.address_space
    for name, network in (("podRange", cluster.pod_range), ("serviceRange", cluster.service_range)):
        if network.overlaps(space):
            yield Problem(
                f"kubernetes.{name}",
                network,
                f"choose a range that does not overlap network.addressSpace, {space}",
            )
    if cluster.pod_range.overlaps(cluster.service_range):
        yield Problem(
            "kubernetes.serviceRange",
            cluster.service_range,
            f"choose a range that does not overlap kubernetes.podRange, {cluster.pod_range}",
        )


def cluster_ranges_are_large_enough(settings: Settings, _: str) -> Iterator[Problem]:
    cluster = settings.kubernetes
    if cluster is None:
        return
    nodes = cluster.system_nodes.max_nodes + cluster.user_nodes.max_nodes + SURGE_NODES
    blocks = _blocks(cluster.pod_range)
    if blocks < nodes:
        yield Problem(
            "kubernetes.podRange",
            cluster.pod_range,
            f"it has a /{PODS_OF_A_NODE} for {blocks} nodes, and there may be {nodes}; enlarge it",
        )
    length = cluster.service_range.prefixlen
    if not WIDEST_SERVICES <= length <= SMALLEST_SERVICES:
        yield Problem(
            "kubernetes.serviceRange",
            cluster.service_range,
            f"choose a range between /{WIDEST_SERVICES} and /{SMALLEST_SERVICES}",
        )


def _blocks(pods: IPv4Network) -> int:
    return 2 ** (PODS_OF_A_NODE - pods.prefixlen) if pods.prefixlen <= PODS_OF_A_NODE else 0


KUBERNETES_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"kubernetes", "network"}), cluster_has_a_subnet),
    (frozenset({"kubernetes"}), bounds_are_in_order),
    (frozenset({"kubernetes", "network"}), cluster_ranges_are_free),
    (frozenset({"kubernetes"}), cluster_ranges_are_large_enough),
)
