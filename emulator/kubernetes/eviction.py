"""The eviction of a pod: as far as its PodDisruptionBudget lets it go.

The rules and the words are those of k8s.io/kubernetes 1.36, `pkg/registry/core/pod/storage/eviction.go`.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.metadata import timestamp
from emulator.kubernetes.objects import Objects
from emulator.kubernetes.selectors import labels_of, matches

RETRY_S: Final = 10
BLOCKED: Final = "Cannot evict pod as it would violate the pod's disruption budget."

Json = dict[str, Any]


def evict(objects: Objects, namespace: str, name: str, options: Json, *, dry_run: bool) -> None:
    """Delete the pod, or say why not: 429 where its budget has nothing left."""
    with objects.together():
        pod = objects.get("Pod", namespace, name)
        dry_run = dry_run or options.get("dryRun") == ["All"]
        if not _at_once(pod):
            _ask_budget(objects, pod, dry_run=dry_run)
        grace = options.get("gracePeriodSeconds")
        objects.delete("Pod", namespace, name, grace_s=grace, uid=pod["metadata"]["uid"], dry_run=dry_run)


def _at_once(pod: Json) -> bool:
    """What is no longer, or not yet, running is in no budget's way."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(pod["metadata"].get("deletionTimestamp"))


def _ready(pod: Json) -> bool:
    found: list[Json] = (pod.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in found)


def _ask_budget(objects: Objects, pod: Json, *, dry_run: bool) -> None:
    meta = pod["metadata"]
    budgets = objects.list(
        "PodDisruptionBudget",
        meta["namespace"],
        lambda one: matches(one["spec"].get("selector"), labels_of(pod)),
    )
    if not budgets:
        return
    if len(budgets) > 1:
        raise ApiError(
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
            "support.",
        )
    budget = budgets[0]
    status: Json = budget.get("status") or {}
    healthy, desired = int(status.get("currentHealthy", 0)), int(status.get("desiredHealthy", 0))
    always = budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    if not _ready(pod) and (always or healthy >= desired > 0):
        return
    label = budget["metadata"]["name"]
    if int(status.get("observedGeneration", 0)) < int(budget["metadata"].get("generation", 0)):
        raise _blocked(f"The disruption budget {label} is still being processed by the server.", RETRY_S)
    if int(status.get("disruptionsAllowed", 0)) <= 0:
        raise _blocked(
            f"The disruption budget {label} needs {desired} healthy pods and has {healthy} currently", 0
        )

    def spent(one: Json) -> None:
        one["status"]["disruptionsAllowed"] -= 1
        one["status"].setdefault("disruptedPods", {})[meta["name"]] = timestamp()

    if not dry_run:
        objects.change(
            "PodDisruptionBudget", meta["namespace"], label, spent, "status", manager="kube-apiserver"
        )


def _blocked(why: str, retry_s: int) -> ApiError:
    details: Json = {"causes": [{"reason": "DisruptionBudget", "message": why}]}
    details |= {"retryAfterSeconds": retry_s} if retry_s else {}
    headers = {"retry-after": str(retry_s)} if retry_s else {}
    return ApiError(429, BLOCKED, details=details, headers=headers)
