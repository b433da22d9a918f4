"""The clusters that exist in ARM, and the objects of each."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.objects import Objects, Rules

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
SCOPE: Final = f"{CLUSTER}/namespaces"  # no resource of ARM, but the scope of roles
FIRST_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
AUTHORITY: Final = "kube-root-ca.crt"
MANAGER: Final = "kube-apiserver"
TERMINATING: Final = "NamespaceTerminating"  # the cause by which clients know it

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """id: of the ARM resource, as it is spelled there. host: the name at which its API answers."""

    id: str
    host: str
    resource: Json
    objects: Objects

    @property
    def version(self) -> str:
        """Such as 1.33.5."""
        return str(self.resource["properties"]["currentKubernetesVersion"])

    @property
    def properties(self) -> Json:
        return self.resource["properties"]


class Clusters:
    """Thread-safe. Objects are read from the store when a cluster is first asked for."""

    def __init__(self, arm: Arm, rules: Callable[[str], Rules]) -> None:
        """rules: those that the writes to a cluster (its id) have to pass"""
        self._arm = arm
        self._store = arm.store
        self._rules = rules
        self._lock = threading.RLock()
        self._objects: dict[str, Objects] = {}
        self._listeners: list[Callable[[Cluster], None]] = []
        self._hosts: tuple[int, dict[str, str]] = (-1, {})

        @arm.virtual(SCOPE)
        def scope(resource_id: str) -> Json | None:
            """A role may be given in a namespace that does not exist yet: Azure does not look."""
            cluster, _, name = resource_id.rsplit("/", 2)
            there = self._store.get(cluster) is not None
            return {"id": resource_id, "name": name, "type": SCOPE, "properties": {}} if there else None

        @arm.with_put(CLUSTER)
        def made(put: Any) -> None:
            if put.old is None:
                self._store.after_commit(lambda: self._announce(str(put.id)))

        @arm.with_delete(CLUSTER)
        def gone(resource: Json) -> None:
            self._store.after_commit(lambda: self._forget(str(resource["id"])))

    def of(self, cluster_id: str) -> Cluster | None:
        """The cluster, or None where no such resource exists."""
        resource = self._store.get(cluster_id)
        if resource is None:
            return None
        properties = resource["properties"]
        host = str(properties.get("fqdn") or properties.get("privateFQDN") or "")
        return Cluster(str(resource["id"]), host, resource, self._of(str(resource["id"])))

    def at(self, host: str) -> Cluster | None:
        """The cluster whose API answers at a host (lower case)."""
        revision = self._store.revision(CLUSTER)
        known, hosts = self._hosts
        if known != revision:
            hosts = {}
            for one in self._store.by_type(CLUSTER):
                for name in ("fqdn", "privateFQDN"):
                    if one["properties"].get(name):
                        hosts[str(one["properties"][name]).lower()] = str(one["id"])
            self._hosts = revision, hosts
        found = hosts.get(host)
        return self.of(found) if found else None

    def all(self) -> list[Cluster]:
        """All clusters, oldest first."""
        found = (self.of(str(one["id"])) for one in self._store.by_type(CLUSTER))
        return [one for one in found if one is not None]

    def on_new(self, listener: Callable[[Cluster], None]) -> None:
        """Call it with each cluster that is made from now on, once it is kept."""
        self._listeners.append(listener)

    def close(self) -> None:
        """End all watches."""
        with self._lock:
            held = list(self._objects.values())
        for one in held:
            one.close()

    def _of(self, cluster_id: str) -> Objects:
        with self._lock:
            key = fold(cluster_id)
            if key not in self._objects:
                # a short name of its own: ids are long, and every object's key begins with it
                mark = hashlib.sha256(key.encode()).hexdigest()[:16]
                objects = Objects(self._store, mark, self._rules(cluster_id))
                _begin(objects)
                objects.settle()
                self._objects[key] = objects
            return self._objects[key]

    def _announce(self, cluster_id: str) -> None:
        cluster = self.of(cluster_id)
        if cluster is not None:
            for listener in self._listeners:
                listener(cluster)

    def _forget(self, cluster_id: str) -> None:
        objects = self._of(cluster_id)
        objects.forget()
        with self._lock:
            self._objects.pop(fold(cluster_id), None)


def _begin(objects: Objects) -> None:
    """What is in every cluster from its first moment on."""
    for name in FIRST_NAMESPACES:
        if objects.find("Namespace", "", name) is None:
            objects.create(namespace(name), manager=MANAGER)
    if objects.find("Service", "default", "kubernetes") is None:
        objects.create(_own_service(), manager=MANAGER)


def _own_service() -> Json:
    """The service by which pods reach the API."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {"type": "ClusterIP", "ports": [{"name": "https", "port": 443, "targetPort": 443}]},
    }


def namespace(name: str) -> Json:
    """A namespace as it is kept."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def furnish(objects: Objects, name: str, authority: str = "") -> None:
    """What controllers put into each new namespace: the account that pods have which name none, and the
    certificate of the authority by which they know the API server (PEM; "": it is there already). A
    namespace that is gone, or ends, by the time of the write stays as it is."""
    meta = {"name": "default", "namespace": name}
    if objects.find("ServiceAccount", name, "default") is None:
        _place(objects, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
    if authority and objects.find("ConfigMap", name, AUTHORITY) is None:
        _place(
            objects,
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {**meta, "name": AUTHORITY},
                "data": {"ca.crt": authority},
            },
        )


def _place(objects: Objects, made: Json) -> None:
    try:
        objects.create(made)
    except ApiError as error:
        causes = [one["reason"] for one in (error.about or {}).get("causes", [])]
        gone = error.status == 404 and (error.about or {}).get("kind") == "namespaces"
        there = error.code == "AlreadyExists"  # another writer was first
        if not (gone or there or TERMINATING in causes):
            raise
