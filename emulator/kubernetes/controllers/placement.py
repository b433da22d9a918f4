"""Nodes as the agent pools say, and on which of them each pod runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from emulator.kubernetes.clusters import Cluster, furnish
from emulator.kubernetes.controllers.controller import Controller, as_status
from emulator.kubernetes.controllers.facts import (
    is_active,
    with_condition,
)
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.node.scheduling import choose
from emulator.kubernetes.objects import Objects
from emulator.kubernetes.site import Site

Json = dict[str, Any]


class Placement(Controller):
    """Of one cluster."""

    def __init__(self, objects: Objects, recorder: Recorder, site: Site) -> None:
        super().__init__(objects, recorder)
        self._site = site

    def namespaces(self) -> None:
        """Each has the account that pods have which name none, again where it was taken away."""
        for one in self.all("Namespace"):
            if not one["metadata"].get("deletionTimestamp"):
                furnish(self.objects, one["metadata"]["name"])

    def nodes(self, cluster: Cluster) -> None:
        held = {one["metadata"]["name"]: one for one in self.objects.list("Node")}
        wanted = self._site.nodes(cluster, held)
        for name, node in wanted.items():
            if name not in held:
                made = self.objects.create(node, manager="kubelet")
                self.write("Node", made, as_status(node["status"]))
        for name in held.keys() - wanted.keys():
            self.objects.delete("Node", "", name)
            for pod in self.objects.list(
                "Pod", "", lambda one, name=name: one["spec"].get("nodeName") == name
            ):
                meta = pod["metadata"]
                self.objects.delete("Pod", meta["namespace"], meta["name"])

    def schedule(self) -> None:
        pods = self.objects.list("Pod")
        nodes = self.objects.list("Node")
        for pod in pods:
            if pod["spec"].get("nodeName") or not is_active(pod):
                continue
            found = choose(pod, nodes, pods)
            if not found.node:
                self._unschedulable(pod, found.message)
                continue
            self.told.pop(pod["metadata"]["uid"], None)
            pod["spec"]["nodeName"] = found.node
            self._bind(pod)

    def _bind(self, pod: Json) -> None:
        meta, node = pod["metadata"], pod["spec"]["nodeName"]

        def bound(one: Json) -> None:
            one["spec"]["nodeName"] = node

        self.change("Pod", pod, bound, "binding")

        def scheduled(one: Json) -> None:
            status: Json = one.setdefault("status", {})
            status["conditions"] = with_condition(
                status.get("conditions") or [], "PodScheduled", "True", "", "", datetime.now(UTC)
            )

        self.write("Pod", pod, scheduled)
        words = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
        self.tell(pod, "Normal", "Scheduled", words, "default-scheduler")

    def _unschedulable(self, pod: Json, message: str) -> None:
        if self.told.get(pod["metadata"]["uid"]) == message:
            return
        self.told[pod["metadata"]["uid"]] = message

        def waits(one: Json) -> None:
            status: Json = one.setdefault("status", {})
            status["phase"] = "Pending"
            status["conditions"] = with_condition(
                status.get("conditions") or [],
                "PodScheduled",
                "False",
                "Unschedulable",
                message,
                datetime.now(UTC),
            )

        self.write("Pod", pod, waits)
        self.tell(pod, "Warning", "FailedScheduling", message, "default-scheduler")
