"""The controllers of one cluster at work: a thread that plans, writes, and sleeps until something changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.controllers.disruption import Disruption
from emulator.kubernetes.controllers.placement import Placement
from emulator.kubernetes.controllers.scalers import Scalers
from emulator.kubernetes.controllers.services import Services
from emulator.kubernetes.controllers.workloads import Workloads
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.node.kubelet import Kubelet
from emulator.kubernetes.objects import Objects
from emulator.kubernetes.site import Site

LOG = logging.getLogger("emulator")
Json = dict[str, Any]
WATCHED: Final = (
    "Deployment",
    "EndpointSlice",
    "Endpoints",
    "HorizontalPodAutoscaler",
    "Namespace",
    "Node",
    "Pod",
    "PodDisruptionBudget",
    "ReplicaSet",
    "Service",
    "ServiceAccount",
)
FAILED_S: Final = 60.0  # until a part that failed is tried again, if nothing changes before


class Manager:
    """Of one cluster, from ``start`` to ``stop``."""

    def __init__(
        self,
        cluster_id: str,
        find: Callable[[], Cluster | None],
        objects: Objects,
        kubelet: Kubelet,
        recorder: Recorder,
        site: Site,
    ) -> None:
        """find: the cluster as it is by then."""
        self._find = find
        self._objects = objects
        self._kubelet = kubelet
        self._site = site
        self._stopping = threading.Event()
        self._poked = threading.Event()
        self._placement = Placement(objects, recorder, site)
        self._workloads = Workloads(objects, recorder)
        self._services = Services(objects, recorder, site)
        self._disruption = Disruption(objects, recorder)
        self._scalers = Scalers(objects, recorder, kubelet)
        self._watch = objects.watch(*WATCHED)
        self._watch.wake = self._poked.set
        self._thread = threading.Thread(target=self._run, name=f"kubernetes {cluster_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def poke(self) -> None:
        """Something beside the objects has changed."""
        self._poked.set()

    def stop(self) -> None:
        """Nothing is written any more once this returns."""
        self._stopping.set()
        self._poked.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._watch.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._poked.clear()
            while self._watch.next(0) is not None:
                pass
            again = self.step()
            if not self._watch.open:
                return
            self._poked.wait(again)

    def step(self) -> float | None:
        """One look at everything. In how many seconds the next, None where only a change needs one."""
        cluster = self._find()
        if cluster is None:
            return None
        parts: tuple[Callable[[], float | None], ...] = (
            self._placement.namespaces,
            lambda: self._placement.nodes(cluster),
            lambda: self._services.balancers(cluster),
            self._workloads.deployments,
            self._workloads.replica_sets,
            self._placement.schedule,
            # Endpoints come before the pods: whoever is to end is asked no more when its hook begins.
            self._services.endpoints,
            self._disruption.budgets,
            self._scalers.scale,
            lambda: self._pods(cluster),
        )
        waits = [_guarded(part) for part in parts]
        return min((wait for wait in waits if wait is not None), default=None)

    def _pods(self, cluster: Cluster) -> float | None:
        nodes = {one["metadata"]["name"]: one for one in self._objects.list("Node")}
        return self._kubelet.sync(cluster, self._objects.list("Pod"), nodes, self._site.place(cluster))


def _guarded(part: Callable[[], float | None]) -> float | None:
    """One controller's look; where it fails the others go on."""
    try:
        return part()
    except Exception:
        LOG.exception("a controller of a cluster failed")
        return FAILED_S
