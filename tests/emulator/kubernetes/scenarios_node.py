"""What is asked of a cluster whose controllers and node run: states, and how they follow on each other."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from tests.emulator.kubernetes.behaviours import MERGE, Step
from tests.emulator.kubernetes.scenario import (
    RESTRICTED,
    Object,
    Scenario,
    at_,
    budget,
    container,
    deployment,
    scenario,
)

# Answers at every path but /nothing. Where pods share a machine, HOST and PORT say where to listen.
PROGRAM = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/nothing" else 200)
        self.send_header("content-length", "0")
        self.end_headers()

place = os.environ.get("HOST", ""), int(os.environ.get("PORT", "8080"))
http.server.ThreadingHTTPServer(place, Handler).serve_forever()
"""
SERVES = ["python", "-c", PROGRAM]
COUNTS = tuple(
    f"status.{name}"
    for name in (
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
    )
)
CONDITIONS = tuple(
    f"status.conditions.{kind}.{key}"
    for kind in ("Available", "Progressing", "ReplicaFailure")
    for key in ("status", "reason", "message")
)


def serving(name: str, **spec: object) -> Object:
    probe = {"httpGet": {"port": 8080}, "periodSeconds": 1}
    one = container(command=SERVES, readinessProbe=probe, ports=[{"containerPort": 8080}])
    one["image"] = "{{image}}"
    return deployment(name, one, {"terminationGracePeriodSeconds": 1}, **spec)


def running(name: str, *command: str, **more: object) -> Object:
    return deployment(name, {**container(command=list(command), **more), "image": "{{image}}"})


def items(ns: str, kind: str, name: str) -> str:
    return f"{at_(kind, ns)}?labelSelector=app={name}"


def rolling(ns: str) -> Iterable[Step]:
    there, d = at_("Deployment", ns, "d"), serving("d", replicas=2)
    sets = f"/apis/apps/v1/namespaces/{ns}/replicasets?labelSelector=app=d"
    yield Step("made", "POST", at_("Deployment", ns), d, only=("status",))
    yield Step("available", "GET", there, until=("status.availableReplicas", 2), only=COUNTS)
    done = ("status.conditions.Progressing.reason", "NewReplicaSetAvailable")
    yield Step("conditions", "GET", there, until=done, only=CONDITIONS)
    yield Step("annotated", "GET", there, only=("metadata.annotations.deployment~kubernetes~io/revision",))
    owner = tuple(
        f"items.0.metadata.ownerReferences.0.{key}"
        for key in ("apiVersion", "kind", "controller", "blockOwnerDeletion")
    )
    notes = tuple(
        f"items.0.metadata.annotations.deployment~kubernetes~io/{key}"
        for key in ("revision", "desired-replicas", "max-replicas")
    )
    counted = tuple(f"items.0.status.{key}" for key in ("replicas", "readyReplicas", "availableReplicas"))
    yield Step(
        "replica-set", "GET", sets, only=("items.0.metadata.name", "items.1", *owner, *notes, *counted)
    )
    pod = (
        "metadata.name",
        "metadata.generateName",
        "metadata.labels",
        "spec.restartPolicy",
        "spec.nodeName",
        "status.phase",
        "status.qosClass",
        "status.containerStatuses.0.name",
        "status.containerStatuses.0.ready",
        "status.containerStatuses.0.started",
        "status.containerStatuses.0.restartCount",
    )
    yield Step(
        "pods",
        "GET",
        items(ns, "Pod", "d"),
        only=("items.2", *(f"items.0.{key}" for key in pod if key != "spec.nodeName"), *owner),
    )
    patch = {"spec": {"template": {"metadata": {"annotations": {"a": "1"}}}}}
    yield Step("changed", "PATCH", there, patch, content=MERGE, only=("metadata.generation",))
    yield Step(
        "seen", "GET", there, until=("status.observedGeneration", 2), only=("status.observedGeneration",)
    )
    yield Step("updated", "GET", there, until=("status.updatedReplicas", 2), only=("status.updatedReplicas",))
    yield Step("old-gone", "GET", there, until=("status.replicas", 2), only=COUNTS)
    revision = "metadata.annotations.deployment~kubernetes~io/revision"
    yield Step("second-revision", "GET", there, only=(revision,))
    yield Step("two-sets", "GET", sets, only=("items.1.kind", "items.1.metadata.labels.app", "items.2"))
    yield Step(
        "back",
        "PATCH",
        there,
        {"spec": {"template": {"metadata": {"annotations": {"a": None}}}}},
        content=MERGE,
        only=("metadata.generation",),
    )
    yield Step(
        "back-seen", "GET", there, until=("status.observedGeneration", 3), only=("status.observedGeneration",)
    )
    yield Step("third-revision", "GET", there, until=(revision, "3"), only=(revision,))
    yield Step("still-two-sets", "GET", sets, only=("items.1.kind", "items.1.metadata.labels.app", "items.2"))
    yield Step("to-none", "PATCH", f"{there}/scale", {"spec": {"replicas": 0}}, content=MERGE, only=("spec",))
    yield Step("none", "GET", items(ns, "Pod", "d"), until=("items", []), only=("items",))
    yield Step("counts-of-none", "GET", there, until=("status.replicas", None), only=COUNTS)
    yield Step("deleted", "DELETE", there, only=("status", "details.kind"))
    yield Step("no-sets", "GET", sets, until=("items", []), only=("items",))


def failing(ns: str) -> Iterable[Step]:
    """Pods that do not run, and how it is told."""
    late = serving("late", progressDeadlineSeconds=2)
    late["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]["path"] = "/nothing"
    yield Step("late", "POST", at_("Deployment", ns), late, only=("kind",))
    there = at_("Deployment", ns, "late")
    yield Step(
        "exceeded",
        "GET",
        there,
        until=("status.conditions.Progressing.reason", "ProgressDeadlineExceeded"),
        only=(*CONDITIONS, *COUNTS),
    )
    state = "items.0.status.containerStatuses.0"
    yield Step(
        "not-ready",
        "GET",
        items(ns, "Pod", "late"),
        until=(f"{state}.started", True),
        only=("items.0.status.phase", f"{state}.ready", f"{state}.started", f"{state}.restartCount"),
    )
    crashing = running("crash", "python", "-c", "import sys; print('last words'); sys.exit(3)")
    yield Step("crash", "POST", at_("Deployment", ns), crashing, only=("kind",))
    yield Step(
        "crashed",
        "GET",
        items(ns, "Pod", "crash"),
        until=(f"{state}.state.waiting.reason", "CrashLoopBackOff"),
        only=(
            "items.0.status.phase",
            f"{state}.ready",
            f"{state}.state.waiting.reason",
            f"{state}.lastState.terminated.exitCode",
            f"{state}.lastState.terminated.reason",
        ),
    )
    yield Step("last-words", "GET", at_("Pod", ns, "{{crashed:items.0.metadata.name}}/log"))
    missing = running("missing", "true")
    missing["spec"]["template"]["spec"]["containers"][0]["image"] = "{{missing}}"
    yield Step("missing", "POST", at_("Deployment", ns), missing, only=("kind",))
    yield Step(
        "backoff",
        "GET",
        items(ns, "Pod", "missing"),
        until=(f"{state}.state.waiting.reason", "ImagePullBackOff"),
        only=("items.0.status.phase", f"{state}.state.waiting.reason", f"{state}.ready", f"{state}.started"),
    )


def budgets(ns: str) -> Iterable[Step]:
    yield Step("made", "POST", at_("Deployment", ns), serving("d", replicas=2), only=("kind",))
    yield Step(
        "budget", "POST", at_("PodDisruptionBudget", ns), budget("d", maxUnavailable=1), only=("kind",)
    )
    there = at_("PodDisruptionBudget", ns, "d")
    counts = tuple(
        f"status.{key}"
        for key in (
            "observedGeneration",
            "currentHealthy",
            "desiredHealthy",
            "expectedPods",
            "disruptionsAllowed",
        )
    )
    yield Step(
        "allowed",
        "GET",
        there,
        until=("status.disruptionsAllowed", 1),
        only=(
            *counts,
            "status.conditions.DisruptionAllowed.type",
            "status.conditions.DisruptionAllowed.status",
            "status.conditions.DisruptionAllowed.reason",
        ),
    )
    yield Step("pods", "GET", items(ns, "Pod", "d"), only=("items.2",))

    def evict(number: int) -> tuple[str, Object]:
        name = f"{{{{pods:items.{number}.metadata.name}}}}"
        return at_("Pod", ns, f"{name}/eviction"), {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name},
        }

    # How many are healthy the message says as the controller has counted them by then: one or two.
    refusal = ("status", "message", "reason", "code", "details.causes.0.reason")
    path, body = evict(0)
    yield Step("first", "POST", path, body)
    path, body = evict(1)
    yield Step("second", "POST", path, body, only=refusal)
    other = copy.deepcopy(body)
    other["metadata"]["name"] = "other"
    yield Step("other-name", "POST", path, other)
    dry = {**body, "deleteOptions": {"dryRun": ["All"]}}
    yield Step("dry-run", "POST", path, dry, only=refusal)


def refused_pods(ns: str) -> Iterable[Step]:
    """What a Deployment says whose pods the API server does not take."""
    yield Step("made", "POST", at_("Deployment", ns), running("d", "true"), only=("kind",))
    there = at_("Deployment", ns, "d")
    yield Step(
        "failure",
        "GET",
        there,
        until=("status.conditions.ReplicaFailure.status", "True"),
        only=(*CONDITIONS, *COUNTS),
    )


NODE_SCENARIOS: tuple[Scenario, ...] = (
    scenario("rolling", "a Deployment rolls out, changes, goes back, rests and goes", rolling, "node"),
    scenario("failing", "pods that do not run", failing, "node"),
    scenario("budgets", "evictions under a disruption budget", budgets, "node"),
    scenario("refused-pods", "pods that `restricted` refuses", refused_pods, "node", **RESTRICTED),
)
