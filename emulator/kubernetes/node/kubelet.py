"""All pods of a cluster that run: each pod that is placed gets its processes, each that is to go is ended."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emulator.identity.service import Identity
from emulator.images.image import Image
from emulator.kubernetes import serviceaccounts
from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.node import measure
from emulator.kubernetes.node.pod import Ground, Pod, Tell
from emulator.kubernetes.node.pulling import Puller
from emulator.kubernetes.node.surroundings import PullError
from emulator.kubernetes.node.variables import Missing
from emulator.kubernetes.node.volumes import decoded
from emulator.places import Place
from emulator.processes import Processes
from emulator.workplaces import Workplaces

LOG = logging.getLogger("emulator")
Json = dict[str, Any]
POD_RANGE: Final = "10.244.0.0/16"  # where the cluster says none
FIRST: Final = 4  # of the range: the first addresses are nobody's
ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Tools:
    """What all clusters share."""

    processes: Processes
    workplaces: Workplaces
    identity: Identity
    puller: Puller
    folder: Path


@dataclass(frozen=True, slots=True)
class Use:
    """cores: None until two looks are there to tell them."""

    cores: float | None
    memory: float


class Kubelet:
    """The pods of one cluster. ``sync`` is called by one thread; the questions may come from any."""

    def __init__(self, cluster: Cluster, tools: Tools, tell: Tell) -> None:
        self._objects = cluster.objects
        self._cluster_id = cluster.id
        self._cluster = cluster
        self._tools = tools
        self._tell = tell
        mark = hashlib.sha256(cluster.id.lower().encode()).hexdigest()[:12]
        self.folder = tools.folder / f"kubernetes-{mark}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock = threading.Lock()
        self._pods: dict[str, Pod] = {}  # by uid
        self._renew_at: dict[str, float] = {}
        self._meter: dict[tuple[str, str], tuple[float, float, int]] = {}
        self._last_address = FIRST

    def sync(
        self, cluster: Cluster, pods: list[Json], nodes: Mapping[str, Json], place: Place
    ) -> float | None:
        """Let what runs be what the objects say. place: where the nodes stand. In how many seconds again,
        None where nothing but a change of an object needs it."""
        self._cluster = cluster
        there = {pod["metadata"]["uid"]: pod for pod in pods}
        for uid, running in list(self._pods.items()):
            pod = there.get(uid)
            if pod is None:
                running.lose()
                with self._lock:
                    self._pods.pop(uid)
            elif pod["metadata"].get("deletionTimestamp"):
                running.stop(float(pod["metadata"].get("deletionGracePeriodSeconds") or 0))
        for uid, pod in there.items():
            if uid in self._pods or not pod["spec"].get("nodeName"):
                continue
            if pod["metadata"].get("deletionTimestamp"):
                self._bury(pod)
            elif (pod.get("status") or {}).get("phase") not in ENDED:
                self._begin(pod, nodes, pods, place)
        return self._renew()

    def find(self, uid: str) -> Pod | None:
        """A pod that runs."""
        with self._lock:
            return self._pods.get(uid)

    def log(self, pod: Json, container: str, *, previous: bool = False) -> Path | None:
        """The file of a container's output; None where it has none."""
        found = self.find(pod["metadata"]["uid"])
        held = found.containers.get(container) if found else None
        path = (held.previous if previous else held.log) if held else None
        return path if path is not None and path.exists() else None

    def use(self, pod: Json) -> Use | None:
        """What a pod uses since it was last asked; None where not all of its containers run."""
        found = self.find(pod["metadata"]["uid"])
        if found is None:
            return None
        cores: float | None = 0.0
        memory = 0.0
        for name, container in found.containers.items():
            pid = container.pid
            seconds = measure.cpu_seconds(pid) if pid else None
            if pid is None or seconds is None:
                return None
            memory += measure.memory(pid) or 0
            at, key = time.monotonic(), (found.uid, name)
            before = self._meter.get(key)
            self._meter[key] = (at, seconds, pid)
            if before is None or before[2] != pid or at <= before[0]:
                cores = None
            elif cores is not None:
                cores += max(0.0, seconds - before[1]) / (at - before[0])
        return Use(cores, memory)

    def close(self) -> None:
        """The emulator goes down: pods are let be, and come back with it."""
        with self._lock:
            pods, self._pods = list(self._pods.values()), {}
        for one in pods:
            one.abandon()

    def forget(self) -> None:
        """The cluster is gone."""
        with self._lock:
            pods, self._pods = list(self._pods.values()), {}
        for one in pods:
            one.lose()

    # parts

    def _begin(self, pod: Json, nodes: Mapping[str, Json], pods: list[Json], place: Place) -> None:
        meta, spec = pod["metadata"], pod["spec"]
        node = nodes.get(spec["nodeName"])
        if node is None:
            return  # no such node: it stays pending, as on a real cluster
        host = next(
            (one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP"), ""
        )
        own = (pod.get("status") or {}).get("podIP") or self._address(pods)
        workload = f"pod-{meta['uid']}"

        def lookup(kind: str, name: str) -> Mapping[str, str] | None:
            found = self._objects.find(kind, meta["namespace"], name)
            if found is None:
                return None
            return decoded(found) if kind == "Secret" else found.get("data") or {}

        def pull(image: str) -> Image:
            if spec.get("imagePullSecrets"):
                raise PullError("not emulated: spec.imagePullSecrets; the kubelet's identity pulls")
            return self._tools.puller.pull(self._cluster.resource, place, image)

        def token(audience: str, lifetime_s: int) -> str:
            name = spec.get("serviceAccountName") or "default"
            account = self._objects.find("ServiceAccount", meta["namespace"], name)
            if account is None:
                raise Missing(f'serviceaccount "{name}" not found')
            audiences = [audience] if audience else []
            made = serviceaccounts.claims(self._cluster, account, audiences, lifetime_s, pod)
            return self._tools.identity.tokens.sign(made)

        ground = Ground(
            objects=self._objects,
            processes=self._tools.processes,
            folder=self.folder / meta["uid"],
            addresses=(host, own),
            pull=pull,
            lookup=lookup,
            token=token,
            admit=lambda: self._tools.workplaces.admit(workload, [], place),
            dismiss=lambda: self._tools.workplaces.dismiss(workload),
            tell=self._tell,
        )
        made = Pod(pod, ground)
        with self._lock:
            self._pods[meta["uid"]] = made
        made.start()

    def _bury(self, pod: Json) -> None:
        """Of a pod that was to go when the emulator went down nothing runs."""
        meta = pod["metadata"]
        try:
            self._objects.delete("Pod", meta["namespace"], meta["name"], grace_s=0, uid=meta["uid"])
        except ApiError as error:
            LOG.debug("pod %s: %s", meta["name"], error)

    def _address(self, pods: list[Json]) -> str:
        """The next free address of the cluster's pods."""
        profile = self._cluster.properties.get("networkProfile") or {}
        space = ipaddress.ip_network(str(profile.get("podCidr") or POD_RANGE))
        taken = {(pod.get("status") or {}).get("podIP") for pod in pods}
        with self._lock:
            taken |= {one.address for one in self._pods.values()}
        for step in range(space.num_addresses):
            index = FIRST + (self._last_address - FIRST + step) % (space.num_addresses - FIRST - 1)
            if str(space[index]) not in taken:
                self._last_address = index + 1
                return str(space[index])
        return ""

    def _renew(self) -> float | None:
        """Tokens are written anew before they end."""
        now = time.monotonic()
        for uid in list(self._renew_at):
            if uid not in self._pods:
                del self._renew_at[uid]
        for uid, pod in list(self._pods.items()):
            if uid not in self._renew_at:
                life = pod.token_s
                self._renew_at[uid] = now + life if life else float("inf")
            elif now >= self._renew_at[uid] and (again := pod.renew()):
                self._renew_at[uid] = now + again
        due = min(self._renew_at.values(), default=float("inf"))
        return None if due == float("inf") else max(0.0, due - now)
