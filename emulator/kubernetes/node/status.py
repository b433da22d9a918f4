"""The status of a pod from the states of its containers: phase and conditions, as the kubelet has them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.kubernetes.controllers.facts import spell, with_condition

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """One container. state, last: `waiting`, `running` or `terminated` with what it says, as in the API."""

    name: str
    image: str
    state: Json
    last: Json
    restarts: int = 0
    ready: bool = False
    started: bool = False
    image_id: str = ""
    container_id: str = ""

    def json(self) -> Json:
        """As in containerStatuses."""
        made: Json = {
            "name": self.name,
            "state": self.state,
            "lastState": self.last,
            "ready": self.ready,
            "restartCount": self.restarts,
            "image": self.image,
            "imageID": self.image_id,
            "started": self.started,
        }
        return made | ({"containerID": self.container_id} if self.container_id else {})


def first(spec: Json, before: Json | None) -> State:
    """What is known of a container that has not started: of one that ran before, that it was lost."""
    waiting = waiting_for("ContainerCreating", "")
    if not before:
        return State(spec["name"], spec["image"], waiting, {})
    last: Json = before.get("lastState") or {}
    if running := (before.get("state") or {}).get("running"):
        last = {
            "terminated": {
                "exitCode": 255,
                "reason": "Unknown",
                "startedAt": running.get("startedAt"),
                "finishedAt": spell(datetime.now(UTC)),
                "containerID": before.get("containerID", ""),
            }
        }
    elif terminated := (before.get("state") or {}).get("terminated"):
        last = {"terminated": terminated}
    restarts = int(before.get("restartCount") or 0) + bool("running" in (before.get("state") or {}))
    return State(spec["name"], spec["image"], waiting, last, restarts)


def waiting_for(reason: str, message: str) -> Json:
    """The state of a container that waits, as the API has it."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def phase(states: Sequence[State], policy: str) -> str:
    """Pending, Running, Succeeded or Failed."""
    waiting = running = stopped = succeeded = 0
    for one in states:
        if "running" in one.state:
            running += 1
        elif "terminated" in one.state or "terminated" in one.last:
            stopped += 1
            code = (one.state if "terminated" in one.state else one.last)["terminated"]["exitCode"]
            succeeded += code == 0 and "terminated" in one.state
        else:
            waiting += 1
    if waiting:
        return "Pending"
    if running or policy == "Always":
        return "Running"
    if stopped == succeeded:
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def status(
    pod: Json, states: Sequence[State], addresses: tuple[str, str], now: datetime, *, alive: bool = True
) -> Json:
    """The whole status. addresses: of the node and of the pod, "" for one that has none yet. alive: whether
    anything of the pod may still run."""
    held: Json = pod.get("status") or {}
    spec = pod["spec"]
    found = phase(states, spec.get("restartPolicy", "Always"))
    if not alive and found in ("Pending", "Running"):
        ended = [one.state.get("terminated", {}).get("exitCode", 137) for one in states]
        found = "Succeeded" if ended and not any(ended) else "Failed"
    made = {key: deepcopy(held[key]) for key in ("qosClass", "startTime") if key in held}
    made |= {"phase": found, "observedGeneration": pod["metadata"].get("generation", 1)}
    host, own = addresses
    if host:
        made |= {"hostIP": host, "hostIPs": [{"ip": host}]}
    if own:
        made |= {"podIP": own, "podIPs": [{"ip": own}]}
    made["conditions"] = _conditions(held, states, spec, found, bool(own), now)
    made["containerStatuses"] = [one.json() for one in states]
    return made


def _conditions(
    held: Json, states: Sequence[State], spec: Json, found: str, sandbox: bool, now: datetime
) -> list[Json]:
    conditions: list[Json] = deepcopy(held.get("conditions") or [])

    def put(kind: str, good: bool, reason: str = "", message: str = "") -> None:
        nonlocal conditions
        conditions = with_condition(
            conditions, kind, "True" if good else "False", reason, message, now, lastProbeTime=""
        )

    put("PodReadyToStartContainers", sandbox)
    put("Initialized", True, "PodCompleted" if found == "Succeeded" else "")
    unready = [one.name for one in states if not one.ready]
    gates: list[str] = [one["conditionType"] for one in spec.get("readinessGates") or []]
    if found == "Succeeded":
        put("Ready", False, "PodCompleted")
        put("ContainersReady", False, "PodCompleted")
    elif found == "Failed":
        put("Ready", False, "PodFailed")
        put("ContainersReady", False, "PodFailed")
    elif unready:
        words = f"containers with unready status: [{' '.join(unready)}]"
        put("Ready", False, "ContainersNotReady", words)
        put("ContainersReady", False, "ContainersNotReady", words)
    else:
        true = {one["type"] for one in conditions if one["status"] == "True"}
        open_gates = [one for one in gates if one not in true]
        if open_gates:
            words = f'corresponding condition of pod readiness gate "{open_gates[0]}" does not exist.'
            put("Ready", False, "ReadinessGatesNotReady", words)
        else:
            put("Ready", True)
        put("ContainersReady", True)
    for one in conditions:
        one["lastProbeTime"] = None
    return conditions
