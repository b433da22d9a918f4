"""Scenarios of writes: server-side apply, patches and subresources."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from tests.emulator.kubernetes.behaviours import APPLY, JSON_PATCH, MERGE, STRATEGIC, Step
from tests.emulator.kubernetes.scenario import Object, at_, container, deployment, service


def applying(ns: str) -> Iterable[Step]:
    there = at_("Deployment", ns, "d")

    def apply(name: str, body: Object, manager: str = "mlops", more: str = "", **step: Any) -> Step:
        query = f"?fieldManager={manager}{more}"
        return Step(name, "PATCH", there + query, body, content=APPLY, managed=True, **step)

    first = deployment(
        "d", container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]), minReadySeconds=5
    )
    yield Step("no-manager", "PATCH", there, first, content=APPLY)
    yield apply("dry-run", first, more="&dryRun=All")
    yield apply("made", first)
    yield apply("same", first)
    yield Step("unchanged", "GET", there, only=("metadata.generation",))
    other: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"minReadySeconds": 9},
    }
    yield apply("conflict", other, "other")
    shared = copy.deepcopy(other)
    shared["spec"]["minReadySeconds"] = 5
    yield apply("shared", shared, "other")
    yield apply("conflict-of-two", {**other, "spec": {"minReadySeconds": 7}}, "third")
    yield apply("forced", other, "other", "&force=true")
    yield apply("conflict-back", first)
    less = copy.deepcopy(first)
    del less["spec"]["minReadySeconds"]
    less["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
    yield apply("given-up", less)
    yield apply("other-gives-up", {**other, "spec": {}}, "other")
    beside = copy.deepcopy(other)
    beside["spec"] = {
        "template": {"spec": {"containers": [{"name": "app", "env": [{"name": "C", "value": "3"}]}]}}
    }
    yield apply("merged-list", beside, "other")
    by_hand = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 99}}}}
    yield Step("by-hand", "PATCH", f"{there}?fieldManager=hand", by_hand, content=MERGE, managed=True)
    taken = copy.deepcopy(less)
    taken["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 10
    yield apply("conflict-with-hand", taken)
    yield Step(
        "scaled", "PATCH", f"{there}/scale?fieldManager=mlops", {"spec": {"replicas": 7}}, content=MERGE
    )
    yield apply("after-scale", less)
    null = copy.deepcopy(less)
    null["spec"]["replicas"] = None
    yield apply("null-replicas", null)
    typo = copy.deepcopy(less)
    typo["spec"]["replica"] = 1
    yield apply("unknown", typo)
    yield apply("unknown-strict", typo, more="&fieldValidation=Strict")
    carried = copy.deepcopy(less)
    carried["metadata"]["managedFields"] = [{"manager": "x", "operation": "Apply"}]
    yield apply("with-managed-fields", carried)
    stale = copy.deepcopy(less)
    stale["metadata"]["resourceVersion"] = "{{made:metadata.resourceVersion}}"
    yield apply("stale", stale)
    renamed = copy.deepcopy(less)
    renamed["metadata"]["name"] = "e"
    yield apply("other-name", renamed)
    untyped = {"metadata": {"name": "d"}}
    yield apply("untyped", untyped)
    twice = copy.deepcopy(less)
    twice["spec"]["template"]["spec"]["containers"][0]["env"] *= 2
    yield apply("env-twice", twice)
    yield Step("force-without-apply", "PATCH", f"{there}?force=true", {}, content=MERGE)
    wrong = copy.deepcopy(less)
    wrong["spec"]["replicas"] = "three"
    yield apply("wrong-type", wrong)
    negative = copy.deepcopy(less)
    negative["spec"]["minReadySeconds"] = -1
    yield apply("invalid", negative)


def patching(ns: str) -> Iterable[Step]:
    there = at_("Deployment", ns, "d")
    made = deployment("d", container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]))
    yield Step("made", "POST", at_("Deployment", ns), made)

    def patch(name: str, body: Any, content: str, more: str = "", **step: Any) -> Step:
        return Step(name, "PATCH", f"{there}{more}", body, content=content, **step)

    dry = "?dryRun=All"
    # The message of these holds the whole object as it would be.
    short = ("status", "reason", "code")

    yield patch("merge", {"metadata": {"labels": {"a": "1"}}, "spec": {"paused": True}}, MERGE)
    yield patch("merge-null", {"metadata": {"labels": {"a": None}}, "spec": {"paused": None}}, MERGE)
    whole = {"spec": {"template": {"spec": {"containers": [{"name": "app"}]}}}}
    yield patch("merge-list", whole, MERGE, dry)
    second = {"name": "app", "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]}
    yield patch("strategic", {"spec": {"template": {"spec": {"containers": [second]}}}}, STRATEGIC)
    gone = {"name": "app", "env": [{"name": "A", "$patch": "delete"}]}
    yield patch("strategic-delete", {"spec": {"template": {"spec": {"containers": [gone]}}}}, STRATEGIC)
    order = {
        "name": "app",
        "$setElementOrder/env": [{"name": "C"}, {"name": "B"}],
        "env": [{"name": "C", "value": "5"}],
    }
    yield patch("strategic-order", {"spec": {"template": {"spec": {"containers": [order]}}}}, STRATEGIC)
    retain = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    yield patch("strategic-retain", retain, STRATEGIC)
    yield patch("json", [{"op": "replace", "path": "/spec/replicas", "value": 2}], JSON_PATCH)
    yield patch("json-add", [{"op": "add", "path": "/metadata/labels", "value": {"b": "2"}}], JSON_PATCH)
    yield patch("json-test", [{"op": "test", "path": "/spec/replicas", "value": 9}], JSON_PATCH)
    yield patch("json-path", [{"op": "replace", "path": "/spec/nothing/here", "value": 1}], JSON_PATCH)
    yield patch("json-operation", [{"op": "change", "path": "/spec"}], JSON_PATCH)
    yield patch("json-object", {"op": "add"}, JSON_PATCH)
    yield patch("merge-text", "x", MERGE)
    yield patch("merge-array", [], MERGE)
    yield patch("strategic-text", "x", STRATEGIC)
    yield patch("unknown", {"spec": {"replica": 1}}, MERGE, "?fieldValidation=Strict", only=short)
    yield patch("renamed", {"metadata": {"name": "e"}}, MERGE, dry)
    yield patch("invalid", {"spec": {"replicas": -1}}, MERGE, dry)
    yield patch("wrong-type", {"spec": {"replicas": "x"}}, MERGE, only=short)
    yield patch("stale", {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 5}}, MERGE)
    yield patch("selector", {"spec": {"selector": {"matchLabels": {"app": "e"}}}}, MERGE, dry)
    yield Step("missing", "PATCH", at_("Deployment", ns, "none"), {}, content=MERGE)


def parts(ns: str) -> Iterable[Step]:
    """Subresources."""
    there = at_("Deployment", ns, "d")
    made = deployment("d", replicas=2)
    yield Step("made", "POST", at_("Deployment", ns), made)
    yield Step("scale", "GET", f"{there}/scale")
    yield Step("scaled", "PATCH", f"{there}/scale", {"spec": {"replicas": 3}}, content=MERGE)
    yield Step("generation", "GET", there, only=("metadata.generation", "spec.replicas"))
    whole: Object = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "d", "namespace": ns},
        "spec": {"replicas": 4},
    }
    yield Step("scale-put", "PUT", f"{there}/scale", whole)
    stale = copy.deepcopy(whole)
    stale["metadata"]["resourceVersion"] = "{{made:metadata.resourceVersion}}"
    yield Step("scale-stale", "PUT", f"{there}/scale", stale)
    yield Step("scale-negative", "PATCH", f"{there}/scale", {"spec": {"replicas": -1}}, content=MERGE)
    yield Step("scale-missing", "GET", f"{at_('Deployment', ns, 'none')}/scale")
    told = {"spec": {"replicas": 9}, "status": {"loadBalancer": {"ingress": [{"ip": "10.30.8.7"}]}}}
    yield Step("service", "POST", at_("Service", ns), service("s", {"port": 80}, type="LoadBalancer"))
    yield Step(
        "service-status",
        "PATCH",
        f"{at_('Service', ns, 's')}/status",
        told,
        content=MERGE,
        only=("spec.type", "status"),
    )
    yield Step("service-told", "GET", at_("Service", ns, "s"), only=("status",))
    yield Step(
        "status-ignored",
        "PATCH",
        at_("Service", ns, "s"),
        {"status": {"loadBalancer": {}}},
        content=MERGE,
        only=("status",),
    )
    yield Step("no-status", "GET", f"{at_('ServiceAccount', ns, 'sa')}/status")
    yield Step("log-of-nothing", "GET", f"{at_('Pod', ns, 'none')}/log")
    yield Step(
        "evict-nothing",
        "POST",
        f"{at_('Pod', ns, 'none')}/eviction",
        {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "none"}},
    )
