"""What the Deployment controller does next: one step from what is to what is wanted (Kubernetes 1.33)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

from emulator.kubernetes.controllers.facts import (
    condition,
    moment,
    owned,
    reference,
    spell,
    with_condition,
)
from emulator.kubernetes.controllers.hashes import template_hash
from emulator.kubernetes.controllers.rolling import Counts, bounds, grown, proportional, shrunk

Json = dict[str, Any]
REVISION: Final = "deployment.kubernetes.io/revision"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MOST: Final = "deployment.kubernetes.io/max-replicas"
HASH: Final = "pod-template-hash"
APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
NOT_COPIED: Final = (REVISION, DESIRED, MOST, APPLIED, "deprecated.deployment.rollback.to")
AVAILABLE_NOW: Final = "NewReplicaSetAvailable"
TOO_LATE: Final = "ProgressDeadlineExceeded"
NO_DEADLINE: Final = 2**31 - 1

Note = tuple[str, str, str]
"""type (Normal or Warning), reason, message of an Event."""


@dataclass(slots=True)
class Plan:
    """create: a ReplicaSet. scale: name -> number. annotate: name -> its annotations from now on. remove:
    names. status: of the Deployment. revision: its annotation. again_s: when time alone changes the plan."""

    status: Json
    create: Json | None = None
    scale: dict[str, int] = field(default_factory=dict[str, int])
    annotate: dict[str, Json] = field(default_factory=dict[str, Json])
    remove: list[str] = field(default_factory=list[str])
    revision: str = ""
    notes: list[Note] = field(default_factory=list[Note])
    again_s: float | None = None


def plan(deployment: Json, sets: list[Json], pods: list[Json], now: datetime) -> Plan:
    """One step. sets: the ReplicaSets that it owns. pods: those of these sets."""
    return _Step(deployment, sets, pods, now).plan()


class _Step:
    def __init__(self, deployment: Json, sets: list[Json], pods: list[Json], now: datetime) -> None:
        self.deployment = deployment
        self.spec: Json = deployment["spec"]
        self.name: str = deployment["metadata"]["name"]
        self.replicas = int(self.spec.get("replicas", 1))
        strategy = self.spec.get("strategy") or {}
        self.recreate = strategy.get("type") == "Recreate"
        rolling = strategy.get("rollingUpdate") or {}
        self.surge, self.unavailable = (
            (0, 0)
            if self.recreate
            else bounds(rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%"), self.replicas)
        )
        self.sets = sorted(sets, key=_age)
        self.pods = pods
        self.now = now
        wanted = _bare(self.spec["template"])
        self.new = next((one for one in self.sets if _bare(one["spec"]["template"]) == wanted), None)
        self.old = [one for one in self.sets if one is not self.new]
        self.out = Plan(deepcopy(deployment.get("status") or {}))

    def plan(self) -> Plan:
        self.conditions: list[Json] = list(self.out.status.get("conditions") or [])
        if self.deployment["metadata"].get("deletionTimestamp"):
            self._status()
        elif self.spec.get("paused"):
            self._pause()
            self._scale_all()
            self._status()
        else:
            self._resume()
            self._revise()
            if not self.out.create:
                if self._resized():
                    self._scale_all()
                else:
                    self._recreate() if self.recreate else self._roll()
                    self._forget()
            self._status()
            self._progress()
        self.out.status["conditions"] = self.conditions
        return self.out

    # revisions

    def _revise(self) -> None:
        """The new ReplicaSet has the highest revision; it is made where there is none."""
        revision = max((_revision(one) for one in self.old), default=0) + 1
        if self.new is None:
            self.out.create = self._made(revision)
            self.out.revision = str(revision)
            self._found("NewReplicaSetCreated", "Created new replica set", self.out.create)
            return
        revision = max(revision, _revision(self.new))
        held = self.new["metadata"].get("annotations") or {}
        wanted = {**held, **self._copied(), REVISION: str(revision)}
        if wanted != held:
            self.out.annotate[self.new["metadata"]["name"]] = wanted
        self.out.revision = str(revision)
        if not condition(self.deployment, "Progressing"):
            self._found("FoundNewReplicaSet", "Found new replica set", self.new)

    def _made(self, revision: int) -> Json:
        template = deepcopy(self.spec["template"])
        mark = template_hash(self.spec["template"], int(self.out.status.get("collisionCount") or 0))
        template.setdefault("metadata", {}).setdefault("labels", {})[HASH] = mark
        selector = deepcopy(self.spec["selector"])
        selector.setdefault("matchLabels", {})[HASH] = mark
        name = f"{self.name}-{mark}"
        old = [_counts(one) for one in self.old]
        replicas = grown(self.replicas, self.surge, Counts(name, 0), old)
        if self.recreate and (any(one.replicas for one in old) or self._old_pods()):
            replicas = 0
        if replicas:
            self.out.notes.append(_scaled(name, 0, replicas))
        annotations = {**self._copied(), **self._sizes(), REVISION: str(revision)}
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": self.deployment["metadata"]["namespace"],
                "labels": dict(template["metadata"]["labels"]),
                "annotations": annotations,
                "ownerReferences": [reference(self.deployment)],
            },
            "spec": {
                "replicas": replicas,
                "selector": selector,
                "template": template,
                **({"minReadySeconds": least} if (least := self.spec.get("minReadySeconds")) else {}),
            },
        }

    def _copied(self) -> Json:
        held = self.deployment["metadata"].get("annotations") or {}
        return {key: value for key, value in held.items() if key not in NOT_COPIED}

    def _sizes(self) -> Json:
        return {DESIRED: str(self.replicas), MOST: str(self.replicas + self.surge)}

    # numbers of pods

    def _scale(self, one: Json, replicas: int) -> None:
        name, held = one["metadata"]["name"], int(one["spec"].get("replicas", 1))
        annotations = self.out.annotate.get(name) or one["metadata"].get("annotations") or {}
        if {**annotations, **self._sizes()} != annotations:
            self.out.annotate[name] = {**annotations, **self._sizes()}
        if replicas != held:
            self.out.scale[name] = replicas
            self.out.notes.append(_scaled(name, held, replicas))

    def _resized(self) -> bool:
        """Whether the Deployment was scaled since its ReplicaSets were."""
        active = [one for one in self.sets if int(one["spec"].get("replicas", 1)) > 0]
        held = [(one["metadata"].get("annotations") or {}).get(DESIRED) for one in active]
        return any(one is not None and one != str(self.replicas) for one in held)

    def _scale_all(self) -> None:
        active = [one for one in self.sets if int(one["spec"].get("replicas", 1)) > 0]
        if len(active) <= 1:
            chosen = active[0] if active else self.new or (self.old[-1] if self.old else None)
            if chosen is not None:
                self._scale(chosen, self.replicas)
            return
        if self.new is not None and _saturated(self.new, self.replicas):
            for one in self.old:
                self._scale(one, 0)
            return
        if not self.recreate:
            counts = [_counts(one, i) for i, one in enumerate(self.sets)]
            shares = proportional(self.replicas, self.surge, counts)
            for one in active:
                self._scale(one, shares[one["metadata"]["name"]])

    def _roll(self) -> None:
        new = self.new
        if new is None:
            return
        counts = _counts(new)
        old = [_counts(one, i) for i, one in enumerate(self.old)]
        more = grown(self.replicas, self.surge, counts, old)
        if more != counts.replicas:
            self._scale(new, more)
            return
        by_name = {one["metadata"]["name"]: one for one in self.old}
        for less in shrunk(self.replicas, self.unavailable, counts, old):
            self._scale(by_name[less.name], less.replicas)

    def _recreate(self) -> None:
        running = [one for one in self.old if int(one["spec"].get("replicas", 1)) > 0]
        for one in running:
            self._scale(one, 0)
        if self.new is not None and not running and not self._old_pods():
            self._scale(self.new, self.replicas)

    def _old_pods(self) -> bool:
        old = [pod for one in self.old for pod in owned(one, self.pods)]
        return any((pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed") for pod in old)

    def _forget(self) -> None:
        """Old ReplicaSets beyond the limit go once the rollout is complete."""
        limit = int(self.spec.get("revisionHistoryLimit", 10))
        if self.out.scale or not _complete(self.deployment, self.deployment.get("status") or {}):
            return
        alive = [one for one in self.old if not one["metadata"].get("deletionTimestamp")]
        alive.sort(key=_revision)
        for one in alive[: max(0, len(alive) - limit)]:
            status = one.get("status") or {}
            seen = int(status.get("observedGeneration") or 0) >= int(one["metadata"].get("generation") or 1)
            if not status.get("replicas") and not one["spec"].get("replicas", 1) and seen:
                self.out.remove.append(one["metadata"]["name"])

    # status

    def _status(self) -> None:
        def total(key: str) -> int:
            return sum(int((one.get("status") or {}).get(key) or 0) for one in self.sets)

        wanted = sum(int(one["spec"].get("replicas", 1)) for one in self.sets)
        status: Json = {"observedGeneration": self.deployment["metadata"].get("generation", 1)}
        numbers = {
            "replicas": total("replicas"),
            "updatedReplicas": int(((self.new or {}).get("status") or {}).get("replicas") or 0),
            "readyReplicas": total("readyReplicas"),
            "availableReplicas": total("availableReplicas"),
            "unavailableReplicas": max(0, wanted - total("availableReplicas")),
        }
        status |= {key: value for key, value in numbers.items() if value}
        if self.out.status.get("collisionCount"):
            status["collisionCount"] = self.out.status["collisionCount"]
        enough = numbers["availableReplicas"] >= self.replicas - self.unavailable
        self._set(
            "Available",
            "True" if enough else "False",
            "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
            f"Deployment {'has' if enough else 'does not have'} minimum availability.",
        )
        failed = next((held for one in self.sets if (held := condition(one, "ReplicaFailure"))), None)
        self.conditions = [one for one in self.conditions if one["type"] != "ReplicaFailure"]
        if failed is not None:
            self.conditions.append({**failed, "lastUpdateTime": failed["lastTransitionTime"]})
        self.out.status = status

    def _set(self, kind: str, status: str, reason: str, message: str, *, anew: bool = False) -> None:
        """Set a condition, unless it has this status and reason already. anew: its time in any case."""
        held = next((one for one in self.conditions if one["type"] == kind), None)
        if held and held["status"] == status and held.get("reason") == reason and not anew:
            return
        made = with_condition(
            self.conditions, kind, status, reason, message, self.now, lastUpdateTime=spell(self.now)
        )
        # What has changed last stands last.
        self.conditions = sorted(made, key=lambda one: one["type"] == kind)

    @property
    def _deadline(self) -> int | None:
        held = int(self.spec.get("progressDeadlineSeconds", 600))
        return None if held == NO_DEADLINE else held

    def _found(self, reason: str, words: str, one: Json) -> None:
        if self._deadline is not None:
            self._set("Progressing", "True", reason, f'{words} "{one["metadata"]["name"]}"', anew=True)

    def _pause(self) -> None:
        held = self._progressing()
        if self._deadline is not None and not (held and held.get("reason") == TOO_LATE):
            self._set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")

    def _resume(self) -> None:
        held = self._progressing()
        if held and held.get("reason") == "DeploymentPaused":
            self._set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")

    def _progressing(self) -> Json | None:
        return next((one for one in self.conditions if one["type"] == "Progressing"), None)

    def _progress(self) -> None:
        if self._deadline is None:
            self.conditions = [one for one in self.conditions if one["type"] != "Progressing"]
            return
        held, status = self._progressing(), self.out.status
        name = (self.out.create or self.new or self.deployment)["metadata"]["name"]
        if (
            held
            and held.get("reason") == AVAILABLE_NOW
            and status.get("replicas", 0) == status.get("updatedReplicas", 0)
        ):
            return
        if _complete(self.deployment, status) and self.new is not None:
            words = f'ReplicaSet "{name}" has successfully progressed.'
            self._set("Progressing", "True", AVAILABLE_NOW, words)
        elif _advanced(self.deployment.get("status") or {}, status):
            words = f'ReplicaSet "{name}" is progressing.'
            self._set("Progressing", "True", "ReplicaSetUpdated", words, anew=True)
        elif held and held.get("reason") not in (AVAILABLE_NOW, TOO_LATE):
            since = moment(held.get("lastUpdateTime")) or self.now
            left = (since + timedelta(seconds=self._deadline) - self.now).total_seconds()
            if left < 0:
                words = f'ReplicaSet "{name}" has timed out progressing.'
                self._set("Progressing", "False", TOO_LATE, words)
            else:
                self.out.again_s = left + 0.01
                return
        held = self._progressing()
        if held and held["status"] == "True" and held.get("reason") != AVAILABLE_NOW:
            self.out.again_s = float(self._deadline) + 0.01


def _advanced(before: Json, now: Json) -> bool:
    """Whether a rollout has come nearer to its end."""

    def grew(key: str) -> bool:
        return int(now.get(key) or 0) > int(before.get(key) or 0)

    def old(status: Json) -> int:
        return int(status.get("replicas") or 0) - int(status.get("updatedReplicas") or 0)

    grown_now = grew("updatedReplicas") or grew("readyReplicas") or grew("availableReplicas")
    return grown_now or old(now) < old(before)


def _complete(deployment: Json, status: Json) -> bool:
    replicas = int(deployment["spec"].get("replicas", 1))
    seen = int(status.get("observedGeneration") or 0) >= int(deployment["metadata"].get("generation") or 1)
    keys = ("replicas", "updatedReplicas", "availableReplicas")
    return seen and all(int(status.get(key) or 0) == replicas for key in keys)


def _saturated(one: Json, replicas: int) -> bool:
    held = (one["metadata"].get("annotations") or {}).get(DESIRED)
    available = int((one.get("status") or {}).get("availableReplicas") or 0)
    return int(one["spec"].get("replicas", 1)) == replicas == available and held == str(replicas)


def _bare(template: Json) -> Json:
    """A template without the label that its ReplicaSet adds."""
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    kept = {key: value for key, value in meta.items() if key not in ("labels", "creationTimestamp")}
    return _pruned({**template, "metadata": {**kept, "labels": labels}})


def _pruned(value: Any) -> Any:
    """Without what is empty: an empty map says no more than none."""
    if isinstance(value, dict):
        found = {key: _pruned(one) for key, one in cast(Json, value).items()}
        return {key: one for key, one in found.items() if one not in ({}, [], None)}
    return [_pruned(one) for one in cast(list[Any], value)] if isinstance(value, list) else value


def _counts(one: Json, made: int = 0) -> Counts:
    annotations = one["metadata"].get("annotations") or {}
    return Counts(
        one["metadata"]["name"],
        int(one["spec"].get("replicas", 1)),
        int((one.get("status") or {}).get("availableReplicas") or 0),
        made,
        int(annotations.get(MOST) or annotations.get(DESIRED) or 0),
    )


def _age(one: Json) -> tuple[str, str]:
    return str(one["metadata"].get("creationTimestamp", "")), one["metadata"]["name"]


def _revision(one: Json) -> int:
    return int((one["metadata"].get("annotations") or {}).get(REVISION) or 0)


def _scaled(name: str, before: int, now: int) -> Note:
    way = "up" if now > before else "down"
    return "Normal", "ScalingReplicaSet", f"Scaled {way} replica set {name} from {before} to {now}"
