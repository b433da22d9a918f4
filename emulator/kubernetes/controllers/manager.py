"""The controllers of one cluster at work: a thread that plans, writes, and sleeps until something changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from emulator.kubernetes.clusters import Cluster, furnish
from emulator.kubernetes.controllers import autoscaling, budgets, deployments, endpoints, replicasets
from emulator.kubernetes.controllers.facts import (
    condition,
    is_active,
    is_ready,
    matches,
    owned,
    owner,
    requested,
    spell,
    with_condition,
)
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.node.kubelet import Kubelet
from emulator.kubernetes.node.scheduling import choose
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
CONTROLLERS: Final = "kube-controller-manager"
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
BALANCER: Final = "service.kubernetes.io/load-balancer-cleanup"


@dataclass(slots=True)
class Scaler:
    """What is remembered of an autoscaler. next: when it looks again, on ``time.monotonic``."""

    next: float = 0.0
    wishes: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    changes: list[autoscaling.Change] = field(default_factory=list[autoscaling.Change])


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
        self._recorder = recorder
        self._site = site
        self._stopping = threading.Event()
        self._poked = threading.Event()
        self._scalers: dict[str, Scaler] = {}
        self._retries: dict[str, tuple[float, float]] = {}  # uid -> (pause, until)
        self._told: dict[str, str] = {}  # uid -> what was last said of it
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
            again: float | None = LAST_RETRY_S
            try:
                again = self.step()
            except Exception:
                LOG.exception("controllers of a cluster failed")
            if not self._watch.open:
                return
            self._poked.wait(again)

    def step(self) -> float | None:
        """One look at everything. In how many seconds the next, None where only a change needs one."""
        cluster = self._find()
        if cluster is None:
            return None
        self._namespaces()
        waits = [
            self._nodes(cluster),
            self._services(cluster),
            self._deployments(),
            self._replica_sets(),
            self._schedule(),
            self._endpoints(),
            self._budgets(),
            self._autoscale(),
            self._pods(cluster),
        ]
        return min((wait for wait in waits if wait is not None), default=None)

    # nodes and pods

    def _namespaces(self) -> None:
        """Each has the account that pods have which name none."""
        for one in self._all("Namespace"):
            if not one["metadata"].get("deletionTimestamp"):
                furnish(self._objects, one["metadata"]["name"])

    def _nodes(self, cluster: Cluster) -> float | None:
        held = {one["metadata"]["name"]: one for one in self._objects.list("Node")}
        wanted = self._site.nodes(cluster, held)
        for name, node in wanted.items():
            if name not in held:
                made = self._objects.create(node, manager="kubelet")
                self._write("Node", made, _status(node["status"]))
        for name in held.keys() - wanted.keys():
            self._objects.delete("Node", "", name)
            for pod in self._objects.list(
                "Pod", "", lambda one, name=name: one["spec"].get("nodeName") == name
            ):
                meta = pod["metadata"]
                self._objects.delete("Pod", meta["namespace"], meta["name"])
        return None

    def _schedule(self) -> float | None:
        pods = self._objects.list("Pod")
        nodes = self._objects.list("Node")
        for pod in pods:
            if pod["spec"].get("nodeName") or not is_active(pod):
                continue
            found = choose(pod, nodes, pods)
            if not found.node:
                self._unschedulable(pod, found.message)
                continue
            self._told.pop(pod["metadata"]["uid"], None)
            pod["spec"]["nodeName"] = found.node
            self._bind(pod)
        return None

    def _bind(self, pod: Json) -> None:
        meta, node = pod["metadata"], pod["spec"]["nodeName"]

        def bound(one: Json) -> None:
            one["spec"]["nodeName"] = node

        self._change("Pod", pod, bound, "binding")

        def scheduled(one: Json) -> None:
            status: Json = one.setdefault("status", {})
            status["conditions"] = with_condition(
                status.get("conditions") or [], "PodScheduled", "True", "", "", datetime.now(UTC)
            )

        self._write("Pod", pod, scheduled)
        words = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
        self._tell(pod, "Normal", "Scheduled", words, "default-scheduler")

    def _unschedulable(self, pod: Json, message: str) -> None:
        if self._told.get(pod["metadata"]["uid"]) == message:
            return
        self._told[pod["metadata"]["uid"]] = message

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

        self._write("Pod", pod, waits)
        self._tell(pod, "Warning", "FailedScheduling", message, "default-scheduler")

    def _pods(self, cluster: Cluster) -> float | None:
        nodes = {one["metadata"]["name"]: one for one in self._objects.list("Node")}
        return self._kubelet.sync(cluster, self._objects.list("Pod"), nodes, self._site.place(cluster))

    # workloads

    def _deployments(self) -> float | None:
        waits: list[float] = []
        for name in [
            (one["metadata"]["namespace"], one["metadata"]["name"]) for one in self._all("Deployment")
        ]:
            with self._objects.together():
                one = self._objects.find("Deployment", *name)
                if one is None:
                    continue
                sets = owned(one, self._objects.list("ReplicaSet", name[0]))
                pods = self._objects.list("Pod", name[0])
                plan = deployments.plan(one, sets, pods, datetime.now(UTC))
                self._carry_out(one, plan)
            for note in plan.notes:
                self._tell(one, *note, "deployment-controller")
            waits += [plan.again_s] if plan.again_s is not None else []
        return min(waits, default=None)

    def _carry_out(self, one: Json, plan: deployments.Plan) -> None:
        namespace = one["metadata"]["namespace"]
        if plan.create:
            try:
                self._objects.create(plan.create)
            except ApiError as error:
                if error.code != "AlreadyExists":
                    raise
                # Another template has this hash already: the next one is computed with a count.
                plan.status["collisionCount"] = int(plan.status.get("collisionCount") or 0) + 1
                plan.notes.clear()
        for name in plan.annotate.keys() | plan.scale.keys():

            def changed(held: Json, name: str = name) -> None:
                if name in plan.annotate:
                    held["metadata"]["annotations"] = plan.annotate[name]
                if name in plan.scale:
                    held["spec"]["replicas"] = plan.scale[name]

            self._objects.change("ReplicaSet", namespace, name, changed)
        for name in plan.remove:
            self._objects.delete("ReplicaSet", namespace, name)
        if plan.revision:

            def revised(held: Json) -> None:
                notes = held["metadata"].setdefault("annotations", {})
                notes[deployments.REVISION] = plan.revision

            self._change("Deployment", one, revised)
        self._write("Deployment", one, _status(plan.status))

    def _replica_sets(self) -> float | None:
        waits: list[float] = []
        for name in [
            (one["metadata"]["namespace"], one["metadata"]["name"]) for one in self._all("ReplicaSet")
        ]:
            told: list[deployments.Note] = []
            with self._objects.together():
                one = self._objects.find("ReplicaSet", *name)
                if one is None:
                    continue
                pods = owned(one, self._objects.list("Pod", name[0]))
                plan = replicasets.plan(one, pods, datetime.now(UTC))
                waits += [plan.again_s] if plan.again_s is not None else []
                wait = self._make_pods(one, plan, told)
                waits += [wait] if wait is not None else []
                for gone in plan.remove:
                    self._objects.delete("Pod", name[0], gone)
                    told.append(("Normal", "SuccessfulDelete", f"Deleted pod: {gone}"))
                if plan.remove or plan.create:
                    # what it says of itself follows from what there is now
                    pods = owned(one, self._objects.list("Pod", name[0]))
                    conditions = plan.status.get("conditions")
                    plan.status = replicasets.plan(one, pods, datetime.now(UTC)).status
                    plan.status.pop("conditions", None)
                    plan.status |= {"conditions": conditions} if conditions else {}
                self._write("ReplicaSet", one, _status(plan.status))
            for note in told:
                self._tell(one, *note, "replicaset-controller")
        return min(waits, default=None)

    def _make_pods(self, one: Json, plan: replicasets.Plan, told: list[deployments.Note]) -> float | None:
        """Make what is missing; in how many seconds to try again where it is refused."""
        uid = one["metadata"]["uid"]
        conditions = [
            each for each in plan.status.get("conditions") or [] if each["type"] != "ReplicaFailure"
        ]
        if not plan.create:
            self._retries.pop(uid, None)
            plan.status.pop("conditions", None)
            return None
        pause, until = self._retries.get(uid, (FIRST_RETRY_S, 0.0))
        if (left := until - time.monotonic()) > 0:
            return left
        pod = replicasets.pod_of(one)
        try:
            for _ in range(plan.create):
                made = self._objects.create(pod)
                told.append(("Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}"))
        except ApiError as error:
            told.append(("Warning", "FailedCreate", f"Error creating: {error.message}"))
            self._retries[uid] = (min(LAST_RETRY_S, pause * 2), time.monotonic() + pause)
            held = condition(one, "ReplicaFailure")
            plan.status["conditions"] = with_condition(
                conditions + ([held] if held else []),
                "ReplicaFailure",
                "True",
                "FailedCreate",
                error.message,
                datetime.now(UTC),
            )
            return pause
        self._retries.pop(uid, None)
        plan.status.pop("conditions", None)
        return None

    # services

    def _services(self, cluster: Cluster) -> float | None:
        for service in self._all("Service"):
            spec, meta = service["spec"], service["metadata"]
            if spec.get("type") == "ExternalName":
                continue
            if spec.get("type") != "LoadBalancer" or meta.get("deletionTimestamp"):
                self._release(service)
                continue
            self._balance(cluster, service)
        return None

    def _release(self, service: Json) -> None:
        if BALANCER in (service["metadata"].get("finalizers") or []):

            def let_go(one: Json) -> None:
                one["metadata"]["finalizers"].remove(BALANCER)

            self._change("Service", service, let_go)
        if (service.get("status") or {}).get("loadBalancer", {}).get("ingress"):
            self._write("Service", service, _status({"loadBalancer": {}}))

    def _balance(self, cluster: Cluster, service: Json) -> None:
        if ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
            return
        uid = service["metadata"]["uid"]
        try:
            address = self._site.balancer(cluster, service)
        except self._site.Refused as error:
            if self._told.get(uid) != str(error):
                self._told[uid] = str(error)
                self._tell(
                    service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", "service-controller"
                )
                self._tell(service, "Warning", "SyncLoadBalancerFailed", str(error), "service-controller")
            return
        self._tell(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", "service-controller")

        def kept(one: Json) -> None:
            held = one["metadata"].setdefault("finalizers", [])
            if BALANCER not in held:
                held.append(BALANCER)

        self._change("Service", service, kept)
        ingress = {"ip": address, "ipMode": "VIP"}
        self._write("Service", service, _status({"loadBalancer": {"ingress": [ingress]}}))
        self._tell(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer", "service-controller")

    def _endpoints(self) -> float | None:
        nodes = {one["metadata"]["name"]: one for one in self._objects.list("Node")}
        services = self._all("Service")
        names = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in services}
        for held in self._all("Endpoints"):
            meta = held["metadata"]
            mine = (meta.get("labels") or {}).get("endpoints.kubernetes.io/managed-by")
            if mine and (meta["namespace"], meta["name"]) not in names:
                self._delete("Endpoints", held)
        for service in services:
            meta = service["metadata"]
            if not service["spec"].get("selector") or meta.get("deletionTimestamp"):
                continue
            pods = self._objects.list("Pod", meta["namespace"])
            wanted = endpoints.endpoints(service, pods)
            held = self._objects.find("Endpoints", meta["namespace"], meta["name"])
            if held is None:
                self._objects.create(wanted)
            elif held.get("subsets") != wanted.get("subsets"):
                self._objects.update(wanted)
            piece = endpoints.endpoint_slice(service, pods, nodes)
            mine = owned(service, self._objects.list("EndpointSlice", meta["namespace"]))
            if not mine:
                self._objects.create(piece)
            elif any(mine[0].get(key) != piece[key] for key in ("endpoints", "ports")):

                def renewed(one: Json, piece: Json = piece) -> None:
                    one |= {"endpoints": piece["endpoints"], "ports": piece["ports"]}

                self._change("EndpointSlice", mine[0], renewed)
        return None

    # budgets and autoscalers

    def _budgets(self) -> float | None:
        for budget in self._all("PodDisruptionBudget"):
            namespace, now = budget["metadata"]["namespace"], datetime.now(UTC)
            selector = budget["spec"].get("selector")
            pods = [
                pod
                for pod in self._objects.list("Pod", namespace)
                if matches(selector, pod["metadata"].get("labels"))
            ]
            made = budgets.status(budget, pods, self._wanted(namespace, pods), now)
            self._write("PodDisruptionBudget", budget, _status(made))
        return None

    def _wanted(self, namespace: str, pods: list[Json]) -> int:
        """How many pods the owners of these are to have."""
        wanted: dict[str, int] = {}
        for pod in pods:
            by = owner(pod)
            one = self._objects.find("ReplicaSet", namespace, by["name"]) if by else None
            if one is None:
                continue
            above = owner(one)
            found = self._objects.find("Deployment", namespace, above["name"]) if above else None
            chosen = found or one
            wanted[chosen["metadata"]["uid"]] = int(chosen["spec"].get("replicas", 1))
        return sum(wanted.values())

    def _autoscale(self) -> float | None:
        waits: list[float] = []
        now = time.monotonic()
        scalers = self._all("HorizontalPodAutoscaler")
        alive = {one["metadata"]["uid"] for one in scalers}
        self._scalers = {uid: held for uid, held in self._scalers.items() if uid in alive}
        for one in scalers:
            held = self._scalers.setdefault(one["metadata"]["uid"], Scaler())
            if now >= held.next:
                held.next = now + autoscaling.PERIOD_S
                self._scale_by_use(one, held, now)
            waits.append(held.next - now)
        return min(waits, default=None)

    def _scale_by_use(self, one: Json, held: Scaler, now: float) -> None:
        namespace, spec = one["metadata"]["namespace"], one["spec"]
        target = spec["scaleTargetRef"]
        owner_of = (
            self._objects.find(target["kind"], namespace, target["name"])
            if target["kind"] in ("Deployment", "ReplicaSet")
            else None
        )
        status: Json = {
            key: value for key, value in (one.get("status") or {}).items() if key == "lastScaleTime"
        }
        conditions: list[Json] = list((one.get("status") or {}).get("conditions") or [])
        at = datetime.now(UTC)

        def put(kind: str, good: bool, reason: str, message: str) -> None:
            nonlocal conditions
            conditions = with_condition(conditions, kind, "True" if good else "False", reason, message, at)

        if owner_of is None:
            put(
                "AbleToScale",
                False,
                "FailedGetScale",
                f"the HPA controller was unable to get the target's current scale: "
                f"{target['kind'].lower()}s.apps "
                f'"{target["name"]}" not found',
            )
            self._write("HorizontalPodAutoscaler", one, _status({**status, "conditions": conditions}))
            return
        current = int(owner_of["spec"].get("replicas", 1))
        put(
            "AbleToScale",
            True,
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        found = self._wishes(one, owner_of, current)
        metrics = [entry for _, entry in found.values() if entry]
        best = max(
            ((wish.replicas, name) for name, (wish, _) in found.items() if wish.replicas is not None),
            default=None,
        )
        status |= {"currentReplicas": current, "desiredReplicas": current, "currentMetrics": metrics or None}
        if current == 0:
            put(
                "ScalingActive",
                False,
                "ScalingDisabled",
                ZERO,
            )
        elif best is None:
            name, why = next(((n, wish.why) for n, (wish, _) in found.items()), ("", "no metrics"))
            words = (
                f"the HPA was unable to compute the replica count: failed to get {name} utilization: {why}"
            )
            put("ScalingActive", False, "FailedGetResourceMetric", words)
            if self._told.get(one["metadata"]["uid"]) != words:
                self._told[one["metadata"]["uid"]] = words
                self._tell(one, "Warning", "FailedGetResourceMetric", words, "horizontal-pod-autoscaler")
        else:
            self._told.pop(one["metadata"]["uid"], None)
            label = best[1]
            put(
                "ScalingActive",
                True,
                "ValidMetricFound",
                f"the HPA was able to successfully calculate a replica count from {label}",
            )
            decided = autoscaling.decide(spec, current, best[0], held.wishes, held.changes, now)
            held.wishes = [*[w for w in held.wishes if w[0] > now - 3600], (now, best[0])]
            if decided.held:
                way = "highest" if decided.held == "ScaleDownStabilized" else "lowest"
                than = "higher" if way == "highest" else "lower"
                put(
                    "AbleToScale",
                    True,
                    decided.held,
                    f"recent recommendations were {than} than current one, applying the {way} recent "
                    "recommendation",
                )
            else:
                put("AbleToScale", True, "ReadyForNewScale", "recommended size matches current size")
            put(
                "ScalingLimited",
                bool(decided.limited),
                decided.limited or "DesiredWithinRange",
                LIMITS[decided.limited],
            )
            status["desiredReplicas"] = decided.replicas
            if decided.replicas != current:
                reason = f"{label} above target" if decided.replicas > current else "All metrics below target"

                def resized(held_: Json) -> None:
                    held_["spec"]["replicas"] = decided.replicas

                self._change(target["kind"], owner_of, resized, manager=CONTROLLERS)
                held.changes = [
                    *[c for c in held.changes if c.at > now - 3600],
                    autoscaling.Change(now, decided.replicas - current),
                ]
                status["lastScaleTime"] = spell(at)
                put(
                    "AbleToScale",
                    True,
                    "SucceededRescale",
                    f"the HPA controller was able to update the target scale to {decided.replicas}",
                )
                words = f"New size: {decided.replicas}; reason: {reason}"
                self._tell(one, "Normal", "SuccessfulRescale", words, "horizontal-pod-autoscaler")
        status["conditions"] = conditions
        if one["metadata"].get("generation"):
            status["observedGeneration"] = one["metadata"]["generation"]
        self._write("HorizontalPodAutoscaler", one, _status(status))

    def _wishes(
        self, one: Json, target: Json, current: int
    ) -> dict[str, tuple[autoscaling.Wish, Json | None]]:
        """What each metric wants, by its description, and what the status says of it."""
        namespace = one["metadata"]["namespace"]
        pods = [
            pod
            for pod in self._objects.list("Pod", namespace)
            if is_active(pod) and matches(target["spec"]["selector"], pod["metadata"].get("labels"))
        ]
        uses = {pod["metadata"]["uid"]: self._kubelet.use(pod) for pod in pods}
        found: dict[str, tuple[autoscaling.Wish, Json | None]] = {}
        for metric in one["spec"].get("metrics") or []:
            aim = autoscaling.target_of(metric)
            if aim is None:
                why = f"not emulated: metrics of the type {metric.get('type')}"
                found[str(metric.get("type"))] = autoscaling.Wish(None, why=why), None
                continue
            resource, goal, share = aim
            usages: list[autoscaling.Usage] = []
            for pod in pods:
                use = uses[pod["metadata"]["uid"]]
                used = None if use is None else use.cores if resource == "cpu" else use.memory
                ready = resource != "cpu" or is_ready(pod)
                usages.append(autoscaling.Usage(used, requested(pod, resource), ready))
            wish = autoscaling.wish(usages, current, goal, share=share)
            words = "utilization (percentage of request)" if share else ""
            label = f"{resource} resource {words}".strip()
            entry: Json | None = None
            if wish.average is not None:
                average = f"{round(wish.average * 1000)}m" if resource == "cpu" else str(round(wish.average))
                value: Json = {"averageValue": average}
                if share and wish.now is not None:
                    value["averageUtilization"] = int(wish.now)
                entry = {"type": "Resource", "resource": {"name": resource, "current": value}}
            found[label] = wish, entry
        return found

    # writes

    def _all(self, kind: str) -> list[Json]:
        return self._objects.list(kind)

    def _write(self, kind: str, one: Json, change: Callable[[Json], None]) -> None:
        self._change(kind, one, change, "status")

    def _change(
        self,
        kind: str,
        one: Json,
        change: Callable[[Json], None],
        subresource: str = "",
        manager: str = CONTROLLERS,
    ) -> None:
        """Change an object unless it is gone, or another one has its name by now."""
        meta = one["metadata"]

        def same(held: Json) -> None:
            if held["metadata"]["uid"] == meta["uid"]:
                change(held)

        try:
            self._objects.change(
                kind, meta.get("namespace", ""), meta["name"], same, subresource, manager=manager
            )
        except ApiError as error:
            if error.status != 404:
                raise

    def _delete(self, kind: str, one: Json) -> None:
        meta = one["metadata"]
        try:
            self._objects.delete(kind, meta.get("namespace", ""), meta["name"], uid=meta["uid"])
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    def _tell(self, one: Json, kind: str, reason: str, message: str, source: str) -> None:
        self._recorder.tell(one, kind, reason, message, source=source)


ZERO: Final = "scaling is disabled since the replica count of the target is zero"
LIMITS: Final = {
    "": "the desired count is within the acceptable range",
    "TooManyReplicas": "the desired replica count is more than the maximum replica count",
    "TooFewReplicas": "the desired replica count is less than the minimum replica count",
    "ScaleUpLimit": "the desired replica count is increasing faster than the maximum scale rate",
    "ScaleDownLimit": "the desired replica count is decreasing faster than the maximum scale rate",
}


def _status(status: Json) -> Callable[[Json], None]:
    def put(one: Json) -> None:
        one["status"] = status

    return put
