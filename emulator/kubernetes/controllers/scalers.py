"""HorizontalPodAutoscalers: what pods use, and the number that follows from it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from emulator.kubernetes.controllers import autoscaling
from emulator.kubernetes.controllers.controller import Controller
from emulator.kubernetes.controllers.facts import (
    is_active,
    is_ready,
    matches,
    requested,
    spell,
    with_condition,
)
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.node.kubelet import Kubelet
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]


SOURCE: Final = "horizontal-pod-autoscaler"
REMEMBERED_S: Final = 3600.0  # the longest window that `behavior` may name
ZERO: Final = "scaling is disabled since the replica count of the target is zero"
UNABLE: Final = "the HPA controller was unable to get the target's current scale"
GOT_SCALE: Final = "the HPA controller was able to get the target's current scale"
RESCALED: Final = "the HPA controller was able to update the target scale to"
CALCULATED: Final = "the HPA was able to successfully calculate a replica count from"
HELD: Final = {
    "": "recommended size matches current size",
    "ScaleUpStabilized": "recent recommendations were lower than current one, applying the lowest recent "
    "recommendation",
    "ScaleDownStabilized": "recent recommendations were higher than current one, applying the highest recent "
    "recommendation",
}
LIMITS: Final = {
    "": "the desired count is within the acceptable range",
    "TooManyReplicas": "the desired replica count is more than the maximum replica count",
    "TooFewReplicas": "the desired replica count is less than the minimum replica count",
    "ScaleUpLimit": "the desired replica count is increasing faster than the maximum scale rate",
    "ScaleDownLimit": "the desired replica count is decreasing faster than the maximum scale rate",
}


@dataclass(slots=True)
class Memory:
    """What is remembered of an autoscaler. next: when it looks again, on ``time.monotonic``."""

    next: float = 0.0
    wishes: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    changes: list[autoscaling.Change] = field(default_factory=list[autoscaling.Change])


class Report:
    """The status of an autoscaler, as it is put together."""

    def __init__(self, scaler: Json, now: datetime) -> None:
        before: Json = scaler.get("status") or {}
        self._now = now
        self._conditions: list[Json] = list(before.get("conditions") or [])
        self.status: Json = {key: before[key] for key in ("lastScaleTime",) if key in before}
        if generation := scaler["metadata"].get("generation"):
            self.status["observedGeneration"] = generation

    def put(self, kind: str, good: bool, reason: str, message: str) -> None:
        """One condition."""
        self._conditions = with_condition(
            self._conditions, kind, "True" if good else "False", reason, message, self._now
        )

    def json(self) -> Json:
        return {**self.status, "conditions": self._conditions}


class Scalers(Controller):
    """Of one cluster."""

    def __init__(self, objects: Objects, recorder: Recorder, kubelet: Kubelet) -> None:
        super().__init__(objects, recorder)
        self._kubelet = kubelet
        self._memories: dict[str, Memory] = {}

    def scale(self) -> float | None:
        """Look at those whose time has come, and those whose target is out of bounds; in how many seconds
        the next is due."""
        waits: list[float] = []
        now = time.monotonic()
        scalers = self.all("HorizontalPodAutoscaler")
        alive = {one["metadata"]["uid"] for one in scalers}
        self._memories = {uid: held for uid, held in self._memories.items() if uid in alive}
        for one in scalers:
            held = self._memories.setdefault(one["metadata"]["uid"], Memory())
            target = self._target(one)
            if now >= held.next or (target is not None and _bounded(one["spec"], target) is not None):
                held.next = now + autoscaling.PERIOD_S
                self._look(one, target, held, now)
            waits.append(held.next - now)
        return min(waits, default=None)

    def _target(self, one: Json) -> Json | None:
        named = one["spec"]["scaleTargetRef"]
        if named["kind"] not in ("Deployment", "ReplicaSet"):
            return None
        return self.objects.find(named["kind"], one["metadata"]["namespace"], named["name"])

    def _look(self, one: Json, target: Json | None, held: Memory, now: float) -> None:
        report = Report(one, datetime.now(UTC))
        if target is None:
            named = one["spec"]["scaleTargetRef"]
            words = f'{UNABLE}: {named["kind"].lower()}s.apps "{named["name"]}" not found'
            report.put("AbleToScale", False, "FailedGetScale", words)
            self._warn(one, "FailedGetScale", words)
        else:
            report.put("AbleToScale", True, "SucceededGetScale", GOT_SCALE)
            current = int(target["spec"].get("replicas", 1))
            report.status |= {"currentReplicas": current, "desiredReplicas": current}
            wanted = self._decided(one, target, current, report, held, now)
            if wanted is not None and wanted[0] != current:
                self._resize(one, target, current, *wanted, report)
                held.changes = [each for each in held.changes if each.at > now - REMEMBERED_S]
                held.changes.append(autoscaling.Change(now, wanted[0] - current))
        self.say("HorizontalPodAutoscaler", one, report.json())

    def _decided(
        self, one: Json, target: Json, current: int, report: Report, held: Memory, now: float
    ) -> tuple[int, str] | None:
        """The number from now on, and why; None where it cannot be said."""
        if current == 0:
            report.put("ScalingActive", False, "ScalingDisabled", ZERO)
            return None
        if (bounded := _bounded(one["spec"], target)) is not None:
            return bounded
        found = self._wishes(one, target, current)
        if metrics := [entry for _, entry in found.values() if entry]:
            report.status["currentMetrics"] = metrics
        able = [(wish.replicas, name) for name, (wish, _) in found.items() if wish.replicas is not None]
        if not able or (len(able) < len(found) and max(able)[0] < current):
            # Where one metric is unknown the others may ask for more, never for less.
            name, why = next((name, wish.why) for name, (wish, _) in found.items() if wish.replicas is None)
            words = f"the HPA was unable to compute the replica count: failed to get {name}: {why}"
            report.put("ScalingActive", False, "FailedGetResourceMetric", words)
            self._warn(one, "FailedGetResourceMetric", words)
            return None
        self.told.pop(one["metadata"]["uid"], None)
        wish, label = max(able)
        report.put("ScalingActive", True, "ValidMetricFound", f"{CALCULATED} {label}")
        decided = autoscaling.decide(one["spec"], current, wish, held.wishes, held.changes, now)
        held.wishes = [*(each for each in held.wishes if each[0] > now - REMEMBERED_S), (now, wish)]
        report.put("AbleToScale", True, decided.held or "ReadyForNewScale", HELD[decided.held])
        limited = decided.limited or "DesiredWithinRange"
        report.put("ScalingLimited", bool(decided.limited), limited, LIMITS[decided.limited])
        more = decided.replicas > current
        return decided.replicas, f"{label} above target" if more else "All metrics below target"

    def _resize(
        self, one: Json, target: Json, current: int, replicas: int, reason: str, report: Report
    ) -> None:
        def resized(held: Json) -> None:
            held["spec"]["replicas"] = replicas

        self.change(target["kind"], target, resized, "scale")
        report.status |= {"desiredReplicas": replicas, "lastScaleTime": spell(datetime.now(UTC))}
        report.put("AbleToScale", True, "SucceededRescale", f"{RESCALED} {replicas}")
        self.tell(one, "Normal", "SuccessfulRescale", f"New size: {replicas}; reason: {reason}", SOURCE)

    def _warn(self, one: Json, reason: str, words: str) -> None:
        """Say once what is wrong, until it is not."""
        if self.told.get(one["metadata"]["uid"]) != words:
            self.told[one["metadata"]["uid"]] = words
            self.tell(one, "Warning", reason, words, SOURCE)

    def _wishes(
        self, one: Json, target: Json, current: int
    ) -> dict[str, tuple[autoscaling.Wish, Json | None]]:
        """What each metric wants, by its description, and what the status says of it."""
        namespace = one["metadata"]["namespace"]
        pods = [
            pod
            for pod in self.objects.list("Pod", namespace)
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


def _bounded(spec: Json, target: Json) -> tuple[int, str] | None:
    """The bound that a target's number of pods is beyond, and why it is taken; None within them."""
    current = int(target["spec"].get("replicas", 1))
    least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
    if current == 0:
        return None
    if current > most:
        return most, "Current number of replicas above Spec.MaxReplicas"
    if current < least:
        return least, "Current number of replicas below Spec.MinReplicas"
    return None
