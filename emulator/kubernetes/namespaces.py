"""Namespaces that Azure Resource Manager manages: made, labelled and removed with their resource."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.kubernetes.clusters import CLUSTER, FIRST_NAMESPACES, Clusters, namespace
from emulator.kubernetes.objects import Objects

MANAGED: Final = f"{CLUSTER}/managedNamespaces"
MANAGER: Final = "managed-namespace-controller"

Json = dict[str, Any]


def install(arm: Arm, clusters: Clusters) -> None:
    """Hooks of the type."""

    def place(resource_id: str) -> tuple[Objects, str]:
        cluster_id, _, name = resource_id.rsplit("/", 2)
        cluster = clusters.of(cluster_id)
        if cluster is None:
            raise AzureError(404, "NotFound", f"The cluster {cluster_id} does not exist.")
        return cluster.objects, name.lower()

    @arm.before_put(MANAGED)
    def may_be(put: Put) -> None:
        """adoptionPolicy says what becomes of a namespace that is there already."""
        objects, name = place(put.id)
        if name in FIRST_NAMESPACES:
            raise AzureError(
                400, "BadRequest", f"The namespace {name} belongs to Kubernetes and cannot be managed."
            )
        policy = put.properties.setdefault("adoptionPolicy", "Never")
        put.properties.setdefault("deletePolicy", "Keep")
        held = objects.find("Namespace", "", name)
        if put.old is None and held is not None and policy != "Always":
            same = (held["metadata"].get("labels") or {}).items() >= _labels(put.properties).items()
            if policy == "Never" or not same:
                raise AzureError(
                    409,
                    "Conflict",
                    f"The namespace {name} exists in the cluster, and adoptionPolicy is {policy}.",
                )

    @arm.with_put(MANAGED)
    def made(put: Put) -> None:
        objects, name = place(put.id)
        arm.store.after_commit(lambda: _labelled(objects, name, _labels(put.properties)))

    @arm.with_delete(MANAGED)
    def gone(resource: Json) -> None:
        cluster = clusters.of(str(resource["id"]).rsplit("/", 2)[0])
        if cluster is None or resource["properties"].get("deletePolicy") != "Delete":
            return
        name = str(resource["name"]).lower()
        if cluster.objects.find("Namespace", "", name) is not None:
            arm.store.after_commit(lambda: _end(cluster.objects, name))


def _labels(properties: Json) -> dict[str, str]:
    return dict(properties.get("labels") or {})


def _labelled(objects: Objects, name: str, labels: dict[str, str]) -> None:
    held = objects.find("Namespace", "", name)
    wanted = held or namespace(name)
    metadata = {**wanted["metadata"], "labels": {**wanted["metadata"].get("labels", {}), **labels}}
    if held is None:
        objects.create({**wanted, "metadata": metadata}, manager=MANAGER)
    else:
        objects.update({**wanted, "metadata": metadata}, manager=MANAGER)


def _end(objects: Objects, name: str) -> None:
    objects.delete("Namespace", "", name)
