"""What clusters have of Azure around them: their machines, their subnet, addresses, load balancers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from emulator.arm.store import Store
from emulator.identity.service import Identity
from emulator.kubernetes import balancers
from emulator.kubernetes.clusters import CLUSTER, Cluster
from emulator.kubernetes.node import nodes
from emulator.network import addresses
from emulator.places import AZURE, Place

Json = dict[str, Any]
POOL: Final = f"{CLUSTER}/agentPools"


class Site:
    """Thread-safe."""

    Refused = balancers.Unbalanced

    def __init__(self, store: Store, identity: Identity, all_addresses: Callable[[], Iterable[str]]) -> None:
        """all_addresses: those that nodes and Services of all clusters hold."""
        self._store = store
        self._identity = identity
        self._all = all_addresses
        self._lock = threading.Lock()
        self.opened: Callable[[str], None] = lambda _: None
        """Called with each address that a load balancer gets."""

    def nodes(self, cluster: Cluster, held: Mapping[str, Json]) -> dict[str, Json]:
        """The nodes that the cluster's pools are to have, by name; those held keep what they are."""
        wanted: dict[str, Json] = {}
        with self._lock:
            taken = set(self._all())
            for child in self._store.children(f"{cluster.id}/agentPools"):
                pool = {**child["properties"], "name": child["name"]}
                for index in range(nodes.count(pool)):
                    name = nodes.name_of(cluster.id, pool["name"], index)
                    if name in held:
                        wanted[name] = held[name]
                        continue
                    address = self._node_address(str(pool.get("vnetSubnetID") or ""), taken)
                    taken.add(address)
                    wanted[name] = nodes.node(cluster.resource, pool, index, address)
        return wanted

    def place(self, cluster: Cluster) -> Place:
        """Where pods stand: in the nodes' subnet."""
        subnet = balancers.subnet_of(cluster.resource)
        return Place(subnet) if subnet else AZURE

    def balancer(self, cluster: Cluster, service: Json) -> str:
        """The address of a load balancer for a Service; `Refused` where it can have none."""
        with self._lock:
            found = balancers.address(self._store, self._identity, cluster.resource, service, self._all())
        self.opened(found)
        return found

    def _node_address(self, subnet_id: str, taken: set[str]) -> str:
        subnet = self._store.get(subnet_id) if subnet_id else None
        if subnet is None:
            return f"10.224.0.{4 + len(taken) % 250}"  # of the network that AKS makes itself
        ranges = addresses.networks(addresses.prefixes_of(subnet), subnet["name"])
        return balancers.free(ranges, {*taken, *balancers.taken_in(self._store, subnet_id)})
