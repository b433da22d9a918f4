"""What is asked of the real API server for the recorded table, by subject.

Each scenario has a namespace of its own, which its first step makes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ml.production import manifests
from tests.emulator.kubernetes.behaviours import APPLY, JSON_PATCH, MERGE, STRATEGIC, TABLE, Step
from tests.ml.production.revisions import values

Object = dict[str, Any]
IMAGE = "registry.azurecr.io/app@sha256:" + "0" * 64
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    about: str
    needs: str
    steps: tuple[Step, ...]


def named(kind: str, name: str, **more: Any) -> Object:
    versions = {
        "Deployment": "apps/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "PodDisruptionBudget": "policy/v1",
        "NetworkPolicy": "networking.k8s.io/v1",
    }
    return {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": {"name": name}, **more}


def container(**more: Any) -> Object:
    return {"name": "app", "image": IMAGE, **more}


def safe(**more: Any) -> Object:
    """A container that `restricted` lets through."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return container(securityContext=security, **more)


def deployment(name: str, one: Object | None = None, pod: Object | None = None, **spec: Any) -> Object:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [one or container()], **(pod or {})},
    }
    selector = {"matchLabels": {"app": name}}
    return named("Deployment", name, spec={"selector": selector, "template": template, **spec})


def pod(name: str, one: Object | None = None, **spec: Any) -> Object:
    return named("Pod", name, spec={"containers": [one or container()], "serviceAccountName": "sa", **spec})


def service(name: str, *ports: Object, **spec: Any) -> Object:
    return named("Service", name, spec={"selector": {"app": name}, "ports": list(ports), **spec})


def budget(name: str, **spec: Any) -> Object:
    return named("PodDisruptionBudget", name, spec={"selector": {"matchLabels": {"app": name}}, **spec})


def scaler(name: str, **spec: Any) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return named("HorizontalPodAutoscaler", name, spec={"scaleTargetRef": target, **spec})


PLURALS = {
    "Deployment": "/apis/apps/v1/namespaces/{ns}/deployments",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies",
    "Service": "/api/v1/namespaces/{ns}/services",
    "ServiceAccount": "/api/v1/namespaces/{ns}/serviceaccounts",
    "Pod": "/api/v1/namespaces/{ns}/pods",
    "ConfigMap": "/api/v1/namespaces/{ns}/configmaps",
    "Namespace": "/api/v1/namespaces",
}


def scenario(
    name: str, about: str, make: Callable[[str], Iterable[Step]], needs: str = "api", **labels: str
) -> Scenario:
    """The steps of `make(namespace)` after those that make namespace and service account."""
    ns = f"recorded-{name}"
    first = (
        Step(
            "namespace",
            "POST",
            "/api/v1/namespaces",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns, "labels": labels}},
        ),
        Step("account", "POST", at_("ServiceAccount", ns), named("ServiceAccount", "sa")),
    )
    return Scenario(name, about, needs, (*first, *make(ns)))


def at_(kind: str, ns: str, name: str = "") -> str:
    path = PLURALS[kind].format(ns=ns)
    return f"{path}/{name}" if name else path


def objects(ns: str) -> Iterable[Step]:
    there, d = at_("Deployment", ns), deployment("d")
    one = f"{there}/d"
    yield Step("missing", "GET", one)
    yield Step("made", "POST", there, d)
    yield Step("made-again", "POST", there, d)
    yield Step("read", "GET", one)
    changed = copy.deepcopy(d)
    changed["spec"]["replicas"] = 3
    yield Step("changed", "PUT", one, changed)
    stale = copy.deepcopy(changed)
    stale["metadata"]["resourceVersion"] = "{{made:metadata.resourceVersion}}"
    stale["spec"]["replicas"] = 4
    yield Step("stale", "PUT", one, stale)
    other = copy.deepcopy(d)
    other["metadata"]["name"] = "e"
    yield Step("other-name", "PUT", one, other)
    elsewhere = copy.deepcopy(d)
    elsewhere["metadata"]["namespace"] = "elsewhere"
    yield Step("other-namespace", "POST", there, elsewhere)
    yield Step("other-kind", "POST", there, named("ConfigMap", "d"))
    moved = copy.deepcopy(d)
    moved["spec"]["selector"]["matchLabels"] = {"app": "e"}
    moved["spec"]["template"]["metadata"]["labels"] = {"app": "e"}
    yield Step("selector", "PUT", one, moved)
    other_uid = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "0" * 8 + "-0000" * 3 + "-" + "0" * 12},
    }
    yield Step("delete-other", "DELETE", one, other_uid)
    yield Step("deleted", "DELETE", one)
    yield Step("deleted-again", "DELETE", one)
    yield Step("change-missing", "PUT", one, changed)
    yield Step("no-namespace", "POST", at_("Deployment", "recorded-nowhere"), d)
    yield Step("dry-run", "POST", f"{there}?dryRun=All", d)
    yield Step("after-dry-run", "GET", one)
    yield Step("wrong-dry-run", "POST", f"{there}?dryRun=Some", d)


def requests(ns: str) -> Iterable[Step]:
    there = at_("Deployment", ns)
    yield Step("no-json", "POST", there, "{")
    yield Step("empty", "POST", there, "")
    yield Step("yaml", "POST", there, "apiVersion: apps/v1\nkind: Deployment\n", content="application/yaml")
    yield Step("media-type", "POST", there, "x", content="text/plain")
    yield Step("patch-type", "PATCH", f"{there}/d", {}, content="application/json")
    yield Step("method", "PATCH", there, {}, content=MERGE)
    yield Step("put-collection", "PUT", there, {})
    yield Step("no-resource", "GET", f"/apis/apps/v1/namespaces/{ns}/deploymints")
    yield Step("no-version", "GET", f"/apis/apps/v9/namespaces/{ns}/deployments")
    yield Step("no-subresource", "GET", f"{there}/d/scales")
    typo = deployment("d")
    typo["spec"]["replica"] = 3
    typo["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"
    yield Step("unknown-strict", "POST", f"{there}?fieldValidation=Strict", typo)
    yield Step("unknown-warn", "POST", f"{there}?dryRun=All", typo)
    yield Step("unknown-ignore", "POST", f"{there}?dryRun=All&fieldValidation=Ignore", typo, only=("kind",))
    twice = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1","a":"2"}}'
    yield Step("twice-strict", "POST", f"{at_('ConfigMap', ns)}?fieldValidation=Strict", twice)
    yield Step("twice-warn", "POST", f"{at_('ConfigMap', ns)}?dryRun=All", twice)
    wrong = deployment("d", replicas="three")
    yield Step("wrong-type", "POST", there, wrong)
    quantity = deployment("d", container(resources={"limits": {"cpu": "much"}}))
    yield Step("wrong-quantity", "POST", there, quantity)


def defaults(ns: str) -> Iterable[Step]:
    probe = {"httpGet": {"port": "http"}}
    full = container(
        ports=[{"name": "http", "containerPort": 8080}],
        startupProbe=probe,
        readinessProbe={"tcpSocket": {"port": 8080}},
        livenessProbe={"exec": {"command": ["true"]}},
        lifecycle={"preStop": {"sleep": {"seconds": 5}}},
        resources={"limits": {"cpu": "1000m", "memory": "1024Mi"}},
        env=[{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        volumeMounts=[{"name": "t", "mountPath": "/t"}],
    )
    token = {"serviceAccountToken": {"path": "t", "audience": "a"}}
    volumes = {"volumes": [{"name": "t", "projected": {"sources": [token]}}, {"name": "e", "emptyDir": {}}]}
    yield Step("deployment", "POST", at_("Deployment", ns), deployment("d"))
    yield Step("deployment-full", "POST", at_("Deployment", ns), deployment("f", full, volumes))
    tagged = deployment("t", {"name": "app", "image": "app"}, strategy={"type": "Recreate"})
    yield Step("deployment-recreate", "POST", at_("Deployment", ns), tagged)
    yield Step("service", "POST", at_("Service", ns), service("s", {"port": 80}))
    balancer = service(
        "b", {"port": 80, "targetPort": "http"}, type="LoadBalancer", externalTrafficPolicy="Local"
    )
    yield Step("service-balancer", "POST", at_("Service", ns), balancer)
    headless = service("h", {"port": 80}, clusterIP="None")
    yield Step("service-headless", "POST", at_("Service", ns), headless)
    yield Step("scaler", "POST", at_("HorizontalPodAutoscaler", ns), scaler("d", maxReplicas=3))
    behaviour = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
    }
    yield Step(
        "scaler-full",
        "POST",
        at_("HorizontalPodAutoscaler", ns),
        scaler("f", maxReplicas=3, metrics=[metric], behavior=behaviour),
    )
    yield Step("budget", "POST", at_("PodDisruptionBudget", ns), budget("d", maxUnavailable=1))
    policy = named("NetworkPolicy", "p", spec={"podSelector": {}, "egress": [{"ports": [{"port": 443}]}]})
    yield Step("policy", "POST", at_("NetworkPolicy", ns), policy)
    ingress = named(
        "NetworkPolicy",
        "q",
        spec={"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
    )
    yield Step("policy-ingress", "POST", at_("NetworkPolicy", ns), ingress)
    yield Step("pod", "POST", at_("Pod", ns), pod("p", full, **volumes))


def production(ns: str) -> Iterable[Step]:
    """Our own manifests, applied and applied again."""
    rendered = []
    for manifest in manifests.render(values()):
        if manifest["kind"] == "Namespace":
            continue
        manifest["metadata"]["namespace"] = ns
        rendered.append(manifest)
    for number in ("first", "again"):
        for manifest in rendered:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            yield Step(
                f"{kind}-{name}-{number}",
                "PATCH",
                f"{at_(kind, ns, name)}?fieldManager=mlops&force=false&fieldValidation=Strict",
                manifest,
                content=APPLY,
                managed=True,
            )
    yield Step(
        "scaled",
        "PATCH",
        f"{at_('Deployment', ns, 'rev-0123456789abcdef')}/scale?fieldManager=mlops",
        {"spec": {"replicas": 2}},
        content=MERGE,
    )
    yield Step("after", "GET", at_("Deployment", ns, "rev-0123456789abcdef"), managed=True)


# What is wrong -> the object.
def _wrong() -> Iterable[tuple[str, Object]]:
    yield "name", deployment("D_")
    yield "replicas", deployment("d", replicas=-1)
    selector = deployment("d")
    selector["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    yield "selector", selector
    none = deployment("d")
    del none["spec"]["selector"]
    yield "no-selector", none
    yield "no-image", deployment("d", {"name": "app"})
    empty = deployment("d")
    empty["spec"]["template"]["spec"]["containers"] = []
    yield "no-container", empty
    double = deployment("d")
    double["spec"]["template"]["spec"]["containers"] = [container(), container()]
    yield "container-twice", double
    yield "container-name", deployment("d", {**container(), "name": "App"})
    yield "port", deployment("d", container(ports=[{"containerPort": 70000}]))
    yield "probe", deployment("d", container(livenessProbe={"periodSeconds": -1}))
    probe = {"httpGet": {"port": 80}, "successThreshold": 2}
    yield "liveness-success", deployment("d", container(livenessProbe=probe))
    less = {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}
    yield "requests", deployment("d", container(resources=less))
    yield "negative", deployment("d", container(resources={"requests": {"memory": "-1"}}))
    yield "env-name", deployment("d", container(env=[{"name": "", "value": "x"}]))
    yield "pull-policy", deployment("d", container(imagePullPolicy="Sometimes"))
    yield "mount", deployment("d", container(volumeMounts=[{"name": "v", "mountPath": "/v"}]))
    sleeping = container(lifecycle={"preStop": {"sleep": {"seconds": 60}}})
    yield "sleep", deployment("d", sleeping)
    spread = {"topologySpreadConstraints": [{"topologyKey": "", "maxSkew": 0, "whenUnsatisfiable": "Maybe"}]}
    yield "spread", deployment("d", pod=spread)
    yield "restart", deployment("d", pod={"restartPolicy": "Never"})
    yield "update", deployment("d", strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}})
    yield "recreate", deployment("d", strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})
    yield "percent", deployment("d", strategy={"rollingUpdate": {"maxSurge": "much"}})
    yield "deadline", deployment("d", progressDeadlineSeconds=5, minReadySeconds=5)
    yield "label", {**deployment("d"), "metadata": {"name": "d", "labels": {"a": "not a label!"}}}
    yield "grace", deployment("d", pod={"terminationGracePeriodSeconds": -1})
    user = {"securityContext": {"runAsUser": -1}}
    yield "user", deployment("d", pod=user)
    source = {"serviceAccountToken": {"path": "../t", "expirationSeconds": 60}}
    volume = {"volumes": [{"name": "t", "projected": {"sources": [source]}}]}
    yield "token", deployment("d", pod=volume)
    yield "no-port", service("s")
    yield "service-port", service("s", {"port": 0})
    yield "service-ports", service("s", {"port": 80}, {"port": 81})
    yield "service-type", service("s", {"port": 80}, type="Internal")
    yield "service-policy", service("s", {"port": 80}, externalTrafficPolicy="Local")
    yield "scaler-bounds", scaler("d", minReplicas=4, maxReplicas=3)
    yield "scaler-none", scaler("d", minReplicas=0, maxReplicas=3)
    yield "scaler-no-maximum", scaler("d")
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}
    yield "scaler-metric", scaler("d", maxReplicas=3, metrics=[metric])
    yield "budget-both", budget("d", maxUnavailable=1, minAvailable=1)
    yield "budget-negative", budget("d", maxUnavailable=-1)
    yield "budget-policy", budget("d", maxUnavailable=1, unhealthyPodEvictionPolicy="Never")
    block = {"ipBlock": {"cidr": "10.0.0.1/8", "except": ["192.168.0.0/16"]}}
    yield "policy-block", named("NetworkPolicy", "p", spec={"podSelector": {}, "egress": [{"to": [block]}]})
    both = {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}
    yield "policy-peer", named("NetworkPolicy", "p", spec={"podSelector": {}, "egress": [{"to": [both]}]})
    port = {"ports": [{"port": "not_a_name"}]}
    yield "policy-port", named("NetworkPolicy", "p", spec={"podSelector": {}, "ingress": [port]})
    yield "policy-type", named("NetworkPolicy", "p", spec={"podSelector": {}, "policyTypes": ["Both"]})


def invalid(ns: str) -> Iterable[Step]:
    for name, wrong in _wrong():
        # Dry, so that a server that takes one of them is not asked for a name that is taken from then on.
        yield Step(name, "POST", f"{at_(wrong['kind'], ns)}?dryRun=All", wrong)
    yield Step("namespace-name", "POST", "/api/v1/namespaces", named("Namespace", "Not_a_name"))


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


def reading(ns: str) -> Iterable[Step]:
    """Lists, selectors, pages, tables, watches."""
    there = at_("ConfigMap", ns)

    def config_map(name: str, **labels: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": labels},
            "data": {"k": name},
        }

    yield Step("a", "POST", there, config_map("a", tier="one"))
    yield Step("b", "POST", there, config_map("b", tier="two"))
    yield Step("c", "POST", there, config_map("c"))
    names = tuple(f"items.{number}.metadata.name" for number in range(4))
    root = "&fieldSelector=metadata.name!=kube-root-ca.crt"
    for name, selector in {
        "equal": "tier=one",
        "double-equal": "tier==one",
        "not-equal": "tier!=one",
        "in": "tier in (one,two)",
        "not-in": "tier notin (one)",
        "exists": "tier",
        "not-exists": "!tier",
        "both": "tier,tier!=two",
    }.items():
        yield Step(
            f"labels-{name}", "GET", f"{there}?labelSelector={selector}{root}".replace(" ", "%20"), only=names
        )
    yield Step("labels-bad", "GET", f"{there}?labelSelector=tier%20is%20one")
    yield Step("field-name", "GET", f"{there}?fieldSelector=metadata.name=b", only=names)
    yield Step("field-unknown", "GET", f"{there}?fieldSelector=data.k=b")
    yield Step("field-bad", "GET", f"{there}?fieldSelector=metadata.name")
    page = "?limit=2&labelSelector=!none"
    yield Step("page", "GET", f"{there}{page}{root}", only=("kind", *names[:3]))
    yield Step("page-bad", "GET", f"{there}?limit=2&continue=nonsense")
    yield Step("limit-bad", "GET", f"{there}?limit=many")
    yield Step("list", "GET", f"{there}?labelSelector=tier=one")
    yield Step(
        "version-future",
        "GET",
        f"{there}?resourceVersion=999999999",
        only=("status", "reason", "code", "details"),
    )
    yield Step("version-bad", "GET", f"{there}?resourceVersion=x")
    yield Step(
        "table",
        "GET",
        f"{there}?labelSelector=tier=one",
        accept=TABLE,
        only=(
            "kind",
            "apiVersion",
            *(f"columnDefinitions.{n}.{key}" for n in range(4) for key in ("name", "type", "priority")),
            "rows.0.cells.0",
            "rows.0.cells.1",
            "rows.0.object.kind",
            "rows.0.object.metadata.name",
        ),
    )
    yield Step("deployment", "POST", at_("Deployment", ns), deployment("d", replicas=2))
    yield Step(
        "table-deployment",
        "GET",
        at_("Deployment", ns),
        accept=TABLE,
        only=tuple(f"columnDefinitions.{n}.{key}" for n in range(9) for key in ("name", "type", "priority")),
    )
    yield Step(
        "table-pods",
        "GET",
        at_("Pod", ns),
        accept=TABLE,
        only=tuple(f"columnDefinitions.{n}.{key}" for n in range(10) for key in ("name", "type", "priority")),
    )
    events = ("0.type", "0.object.metadata.name", "1.type", "1.object.metadata.name")
    watch = f"{there}?watch=1&timeoutSeconds=1&labelSelector=tier"
    yield Step("changed", "PATCH", f"{there}/a", {"data": {"k": "new"}}, content=MERGE)
    yield Step("unlabelled", "PATCH", f"{there}/b", {"metadata": {"labels": {"tier": None}}}, content=MERGE)
    yield Step(
        "watch-since",
        "GET",
        f"{watch}&resourceVersion={{{{c:metadata.resourceVersion}}}}",
        only=events,
        stream=True,
    )
    yield Step("watch-all", "GET", f"{watch}&resourceVersion=0", only=events, stream=True)
    yield Step("watch-expired", "GET", f"{there}?watch=1&timeoutSeconds=1&resourceVersion=1", stream=True)
    yield Step("watch-bad", "GET", f"{there}?watch=1&timeoutSeconds=1&resourceVersion=x")
    yield Step("accept", "GET", f"{there}/a", accept="text/html")
    yield Step("all", "DELETE", f"{there}?labelSelector=tier=one", only=("kind", "items.0.metadata.name"))
    yield Step("left", "GET", f"{there}?fieldSelector=metadata.name!=kube-root-ca.crt", only=names)


def pod_security(ns: str) -> Iterable[Step]:
    there = f"{at_('Pod', ns)}?dryRun=All"
    yield Step("plain", "POST", there, pod("p"))
    yield Step("safe", "POST", there, pod("p", safe()), only=("kind", "metadata.name"))
    host = pod("p", safe(ports=[{"containerPort": 80, "hostPort": 80}]), hostNetwork=True)
    yield Step("host", "POST", there, host)
    root = safe()
    root["securityContext"] = {**root["securityContext"], "runAsUser": 0, "privileged": True}
    yield Step("root", "POST", there, pod("p", root))
    path = {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    yield Step("host-path", "POST", there, pod("p", safe(), **path))
    more = safe()
    more["securityContext"] = {**more["securityContext"], "capabilities": {"add": ["NET_ADMIN"]}}
    yield Step("capability", "POST", there, pod("p", more))
    unconfined = safe()
    unconfined["securityContext"] = {
        **unconfined["securityContext"],
        "seccompProfile": {"type": "Unconfined"},
    }
    yield Step("unconfined", "POST", there, pod("p", unconfined))
    yield Step(
        "deployment-warns", "POST", f"{at_('Deployment', ns)}?dryRun=All", deployment("d"), only=("kind",)
    )
    yield Step("no-account", "POST", there, pod("p", safe(), serviceAccountName="none"))
    bad = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "strict"}}}
    yield Step("bad-level", "PATCH", f"{at_('Namespace', '', ns)}?dryRun=All", bad, content=MERGE)


SCENARIOS: tuple[Scenario, ...] = (
    scenario("objects", "objects are made, read, changed and deleted", objects),
    scenario("requests", "what is no request", requests),
    scenario("defaults", "what the API server adds to our kinds", defaults),
    scenario("production", "our own manifests, applied twice, and scaled", production),
    scenario("invalid", "objects that are refused, with all causes", invalid),
    scenario("applying", "server-side apply: owners, conflicts, what is given up", applying),
    scenario("patching", "merge, strategic and JSON patches", patching),
    scenario("parts", "subresources", parts),
    scenario("reading", "lists, selectors, pages, tables, watches", reading),
    scenario(
        "pod-security", "what a namespace under `restricted` refuses", pod_security, "api", **RESTRICTED
    ),
)
