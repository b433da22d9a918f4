"""How many pods of a PodDisruptionBudget may be evicted now, as Kubernetes 1.33 counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emulator.kubernetes.controllers.facts import is_active, is_ready, moment, with_condition
from emulator.kubernetes.controllers.rolling import scaled

Json = dict[str, Any]
DISRUPTED_S = 120.0  # how long an evicted pod counts as on its way out, though it is there as it was


def status(budget: Json, pods: list[Json], wanted: int, now: datetime) -> Json:
    """The status of a budget. pods: those that it selects. wanted: how many their owners are to have."""
    spec = budget["spec"]
    expected, least = _least(spec, len([pod for pod in pods if is_active(pod) or _leaves(pod)]), wanted)
    held = budget.get("status") or {}
    names = {pod["metadata"]["name"] for pod in pods if is_active(pod)}
    disrupted = {
        name: at
        for name, at in (held.get("disruptedPods") or {}).items()
        if name in names and (now - (moment(at) or now)).total_seconds() < DISRUPTED_S
    }
    healthy = sum(
        is_ready(pod) and is_active(pod) and pod["metadata"]["name"] not in disrupted for pod in pods
    )
    allowed = max(0, healthy - least) if expected > 0 else 0
    made: Json = {
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": least,
        "expectedPods": expected,
        "observedGeneration": budget["metadata"].get("generation", 1),
        "conditions": with_condition(
            [dict(one) for one in held.get("conditions") or []],
            "DisruptionAllowed",
            "True" if allowed else "False",
            "SufficientPods" if allowed else "InsufficientPods",
            "",
            now,
        ),
    }
    for one in made["conditions"]:
        one.setdefault("message", "")
        one["observedGeneration"] = made["observedGeneration"]
    return made | ({"disruptedPods": disrupted} if disrupted else {})


def _leaves(pod: Json) -> bool:
    """A pod that is to end, and has not."""
    return bool(pod["metadata"].get("deletionTimestamp")) and (pod.get("status") or {}).get("phase") not in (
        "Succeeded",
        "Failed",
    )


def _least(spec: Json, found: int, wanted: int) -> tuple[int, int]:
    """How many pods are expected, and how many of them have to be healthy."""
    if (most := spec.get("maxUnavailable")) is not None:
        return wanted, max(0, wanted - scaled(most, wanted, up=True))
    least = spec.get("minAvailable", 0)
    if isinstance(least, int):
        return found, least
    return wanted, scaled(least, wanted, up=True)
