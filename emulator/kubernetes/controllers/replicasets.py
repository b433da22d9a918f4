"""What the ReplicaSet controller does next: pods to make, pods to end, what it says of them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from emulator.kubernetes.controllers.facts import (
    available_in,
    condition,
    is_active,
    is_ready,
    matches,
    moment,
    reference,
)

Json = dict[str, Any]
COST: Final = "controller.kubernetes.io/pod-deletion-cost"
PHASES: Final = {"Pending": 0, "Unknown": 1, "Running": 2}


@dataclass(slots=True)
class Plan:
    """create: so many pods. remove: names, in the order in which they are to go. again_s: when time alone
    makes a pod available."""

    status: Json
    create: int = 0
    remove: list[str] = field(default_factory=list[str])
    again_s: float | None = None


def plan(one: Json, pods: list[Json], now: datetime) -> Plan:
    """pods: those that it owns."""
    spec = one["spec"]
    active = [pod for pod in pods if is_active(pod)]
    wanted = 0 if one["metadata"].get("deletionTimestamp") else int(spec.get("replicas", 1))
    out = Plan({})
    if not one["metadata"].get("deletionTimestamp"):
        out.create = max(0, wanted - len(active))
        out.remove = [pod["metadata"]["name"] for pod in order(active, now)[: max(0, len(active) - wanted)]]
    out.status, out.again_s = _status(one, active, now)
    return out


def order(pods: list[Json], now: datetime) -> list[Json]:
    """Pods in the order in which a ReplicaSet that has too many ends them."""
    on_node: dict[str, int] = {}
    for pod in pods:
        node = str(pod["spec"].get("nodeName", ""))
        on_node[node] = on_node.get(node, 0) + 1

    def rank(pod: Json) -> tuple[Any, ...]:
        status, meta = pod.get("status") or {}, pod["metadata"]
        since = moment((condition(pod, "Ready") or {}).get("lastTransitionTime"))
        ready = is_ready(pod)
        ready_for = (now - since).total_seconds() if ready and since else 0.0
        restarts = max(
            (int(c.get("restartCount") or 0) for c in status.get("containerStatuses") or []), default=0
        )
        made = moment(meta.get("creationTimestamp")) or now
        return (
            bool(pod["spec"].get("nodeName")),
            PHASES.get(str(status.get("phase") or "Pending"), 1),
            ready,
            int((meta.get("annotations") or {}).get(COST) or 0),
            -on_node[str(pod["spec"].get("nodeName", ""))],
            ready_for,
            -restarts,
            -made.timestamp(),
            meta.get("uid", ""),
        )

    return sorted(pods, key=rank)


def pod_of(one: Json) -> Json:
    """A pod of the set's template; its name is drawn when it is made."""
    template = deepcopy(one["spec"]["template"])
    meta = template.get("metadata") or {}
    kept = {key: meta[key] for key in ("labels", "annotations", "finalizers") if meta.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **kept,
            "generateName": f"{one['metadata']['name']}-",
            "namespace": one["metadata"]["namespace"],
            "ownerReferences": [reference(one)],
        },
        "spec": template["spec"],
    }


def _status(one: Json, active: list[Json], now: datetime) -> tuple[Json, float | None]:
    labels = (one["spec"]["template"].get("metadata") or {}).get("labels") or {}
    least = int(one["spec"].get("minReadySeconds") or 0)
    waits = [wait for pod in active if (wait := available_in(pod, least, now)) is not None]
    numbers = {
        "fullyLabeledReplicas": sum(
            matches({"matchLabels": labels}, pod["metadata"].get("labels")) for pod in active
        ),
        "readyReplicas": sum(map(is_ready, active)),
        "availableReplicas": sum(wait <= 0 for wait in waits),
    }
    status: Json = {"replicas": len(active), **{key: value for key, value in numbers.items() if value}}
    status["observedGeneration"] = one["metadata"].get("generation", 1)
    if held := (one.get("status") or {}).get("conditions"):
        status["conditions"] = held
    return status, min((wait for wait in waits if wait > 0), default=None)
