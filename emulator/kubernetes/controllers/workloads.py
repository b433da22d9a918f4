"""Deployments and ReplicaSets: their plans, carried out."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from emulator.errors import AzureError
from emulator.kubernetes.controllers import deployments, replicasets
from emulator.kubernetes.controllers.controller import Controller
from emulator.kubernetes.controllers.facts import (
    condition,
    with_condition,
)
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]


FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0


class Workloads(Controller):
    """Of one cluster."""

    def __init__(self, objects: Objects, recorder: Recorder) -> None:
        super().__init__(objects, recorder)
        self._retries: dict[str, tuple[float, float]] = {}  # uid -> (pause, until)

    def deployments(self) -> float | None:
        waits: list[float] = []
        for name in [
            (one["metadata"]["namespace"], one["metadata"]["name"]) for one in self.all("Deployment")
        ]:
            with self.objects.together():
                one = self.objects.find("Deployment", *name)
                if one is None:
                    continue
                sets = self.owned(one, "ReplicaSet")
                recreated = (one["spec"].get("strategy") or {}).get("type") == "Recreate"
                pods = self.objects.list("Pod", name[0]) if recreated else []
                plan = deployments.plan(one, sets, pods, datetime.now(UTC))
                self._carry_out(one, plan)
            for note in plan.notes:
                self.tell(one, *note, "deployment-controller")
            waits += [plan.again_s] if plan.again_s is not None else []
        return min(waits, default=None)

    def _carry_out(self, one: Json, plan: deployments.Plan) -> None:
        namespace = one["metadata"]["namespace"]
        if plan.create:
            try:
                self.objects.create(plan.create)
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

            self.objects.change("ReplicaSet", namespace, name, changed)
        for name in plan.remove:
            self.objects.delete("ReplicaSet", namespace, name)
        notes = one["metadata"].get("annotations") or {}
        if plan.revision and notes.get(deployments.REVISION) != plan.revision:

            def revised(held: Json) -> None:
                notes = held["metadata"].setdefault("annotations", {})
                notes[deployments.REVISION] = plan.revision

            self.change("Deployment", one, revised)
        self.say("Deployment", one, plan.status)

    def replica_sets(self) -> float | None:
        waits: list[float] = []
        for name in [
            (one["metadata"]["namespace"], one["metadata"]["name"]) for one in self.all("ReplicaSet")
        ]:
            told: list[deployments.Note] = []
            with self.objects.together():
                one = self.objects.find("ReplicaSet", *name)
                if one is None:
                    continue
                pods = self.owned(one, "Pod")
                plan = replicasets.plan(one, pods, datetime.now(UTC))
                waits += [plan.again_s] if plan.again_s is not None else []
                wait = self._make_pods(one, plan, told)
                waits += [wait] if wait is not None else []
                for gone in plan.remove:
                    self.objects.delete("Pod", name[0], gone)
                    told.append(("Normal", "SuccessfulDelete", f"Deleted pod: {gone}"))
                if plan.remove or plan.create:
                    # what it says of itself follows from what there is now
                    pods = self.owned(one, "Pod")
                    conditions = plan.status.get("conditions")
                    plan.status = replicasets.plan(one, pods, datetime.now(UTC)).status
                    plan.status.pop("conditions", None)
                    plan.status |= {"conditions": conditions} if conditions else {}
                self.say("ReplicaSet", one, plan.status)
            for note in told:
                self.tell(one, *note, "replicaset-controller")
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
                made = self.objects.create(pod)
                told.append(("Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}"))
        except AzureError as error:  # of what is not emulated, too
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
