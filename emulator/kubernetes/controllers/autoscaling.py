"""How many pods a HorizontalPodAutoscaler wants: the arithmetic of autoscaling/v2 (Kubernetes 1.33).

Pure: usage and times in, a number out. What is not here is refused by name: metrics other than the use of
CPU or memory as a share of what pods request, or as an average of each pod.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.kubernetes.controllers.facts import amount

Json = dict[str, Any]
TOLERANCE: Final = 0.1
PERIOD_S: Final = 15.0  # between two looks; also how often a cluster measures its pods
DOWN_S: Final = 300  # for how long the highest wish holds before pods go, where nothing is said
# What holds where `behavior` says nothing.
UP: Final[Json] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
DOWN: Final[Json] = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}


@dataclass(frozen=True, slots=True)
class Usage:
    """One pod. used: cores or bytes, None where nothing was measured. requested: the same, 0 for nothing.
    ready: whether it counts as able to work."""

    used: float | None
    requested: float
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """replicas: None where it cannot be said. now: the use that was found: percent, or the average of a pod.
    why: what stands against it."""

    replicas: int | None
    now: float | None = None
    average: float | None = None
    why: str = ""


def wish(pods: Sequence[Usage], current: int, target: float, *, share: bool) -> Wish:
    """What one metric wants. target: percent of the requests (``share``), or the average use of a pod."""
    measured = [pod for pod in pods if pod.used is not None]
    if not pods:
        return Wish(None, why="no pods returned by selector while calculating replica count")
    counted = [pod for pod in measured if pod.ready]
    if not counted:
        return Wish(None, why="did not receive metrics for targeted pods (pods might be unready)")
    if share and any(pod.requested <= 0 for pod in pods):
        return Wish(None, why="missing request in a container of a pod")
    now, average = _use(counted, share=share)
    ratio = now / target
    unready, missing = len(measured) - len(counted), len(pods) - len(measured)
    if not missing and not (unready and ratio > 1):
        if abs(ratio - 1) <= TOLERANCE:
            return Wish(current, now, average)
        return Wish(math.ceil(_tidy(ratio * len(counted))), now, average)
    # Those that say nothing are taken to be idle where more are wanted, and to be at work where fewer are.
    full = max(100.0, target) / 100 if share else target
    assumed = [
        pod if pod.used is not None and pod.ready else Usage(_assumed(pod, ratio, full, share), pod.requested)
        for pod in pods
        if pod.used is None or pod.ready or ratio > 1
    ]
    new = _use(assumed, share=share)[0] / target
    if abs(new - 1) <= TOLERANCE or (ratio < 1) != (new < 1):
        return Wish(current, now, average)
    wanted = math.ceil(_tidy(new * len(assumed)))
    if (new < 1 and wanted > current) or (new > 1 and wanted < current):
        wanted = current
    return Wish(wanted, now, average)


def _assumed(pod: Usage, ratio: float, full: float, share: bool) -> float:
    if ratio > 1:
        return 0.0
    return pod.requested * full if share else full


def _use(pods: Sequence[Usage], *, share: bool) -> tuple[float, float]:
    used = sum(pod.used or 0.0 for pod in pods)
    average = used / len(pods)
    if not share:
        return average, average
    requested = sum(pod.requested for pod in pods)
    return float(math.floor(_tidy(used * 100 / requested))), average


def _tidy(value: float) -> float:
    """Without what binary fractions add: 2.0000000000000004 pods are 2."""
    return round(value, 9)


@dataclass(frozen=True, slots=True)
class Change:
    """at: seconds on any clock. by: pods that came, or with a minus sign went."""

    at: float
    by: int


@dataclass(frozen=True, slots=True)
class Decision:
    """limited: why it is not what the metrics want, as the condition ScalingLimited has it; "" when nothing
    limits it. held: whether an earlier, higher (or lower) wish still holds."""

    replicas: int
    limited: str = ""
    held: str = ""


def decide(
    spec: Json,
    current: int,
    wanted: int,
    wishes: Sequence[tuple[float, int]],
    changes: Sequence[Change],
    now: float,
) -> Decision:
    """The number of pods from now on.

    spec: of the autoscaler. wanted: by the metrics. wishes: those of before, with their times. changes: what
    was done before.
    """
    least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
    behavior: Json = spec.get("behavior") or {}
    up, down = {**UP, **(behavior.get("scaleUp") or {})}, {**DOWN, **(behavior.get("scaleDown") or {})}
    lookback_up = float(up.get("stabilizationWindowSeconds") or 0)
    window = down.get("stabilizationWindowSeconds")
    lookback_down = float(DOWN_S if window is None else window)
    high = max([wanted, *(n for at, n in wishes if at > now - lookback_down)])
    low = min([wanted, *(n for at, n in wishes if at > now - lookback_up)])
    settled = min(max(current, low), high)
    held = ""
    if settled != wanted:
        held = "ScaleUpStabilized" if settled < wanted else "ScaleDownStabilized"
    if settled > current:
        limit = _up(up, current, changes, now)
        top, reason = (
            (most, "TooManyReplicas") if most < max(limit, current) else (max(limit, current), "ScaleUpLimit")
        )
        if settled > top:
            return Decision(top, reason, held)
    elif settled < current:
        limit = _down(down, current, changes, now)
        floor, reason = (
            (least, "TooFewReplicas")
            if least > min(limit, current)
            else (min(limit, current), "ScaleDownLimit")
        )
        if settled < floor:
            return Decision(floor, reason, held)
    if settled > most:
        return Decision(most, "TooManyReplicas", held)
    if settled < least:
        return Decision(least, "TooFewReplicas", held)
    return Decision(settled, "", held)


def _up(rules: Json, current: int, changes: Sequence[Change], now: float) -> int:
    """The most pods that the policies of scaling up allow."""
    if rules.get("selectPolicy") == "Disabled":
        return current
    found: list[int] = []
    for policy in rules["policies"]:
        since = now - policy["periodSeconds"]
        start = current - sum(one.by for one in changes if one.at > since)
        if policy["type"] == "Pods":
            found.append(start + int(policy["value"]))
        else:
            found.append(math.ceil(_tidy(start * (1 + policy["value"] / 100))))
    return min(found) if rules.get("selectPolicy") == "Min" else max(found)


def _down(rules: Json, current: int, changes: Sequence[Change], now: float) -> int:
    """The fewest pods that the policies of scaling down allow."""
    if rules.get("selectPolicy") == "Disabled":
        return current
    found: list[int] = []
    for policy in rules["policies"]:
        since = now - policy["periodSeconds"]
        start = current - sum(one.by for one in changes if one.at > since)
        if policy["type"] == "Pods":
            found.append(start - int(policy["value"]))
        else:
            found.append(int(start * (1 - policy["value"] / 100)))
    return max(found) if rules.get("selectPolicy") == "Min" else min(found)


def target_of(metric: Json) -> tuple[str, float, bool] | None:
    """(resource, target, whether it is a share of the requests) of a metric; None for what is not here."""
    if metric.get("type") != "Resource":
        return None
    resource: Json = metric["resource"]
    target: Mapping[str, Any] = resource["target"]
    if resource["name"] not in ("cpu", "memory"):
        return None
    if target.get("type") == "Utilization":
        return resource["name"], float(target["averageUtilization"]), True
    if target.get("type") == "AverageValue":
        return resource["name"], amount(target["averageValue"]), False
    return None
