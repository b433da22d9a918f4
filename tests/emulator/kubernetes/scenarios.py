"""What is asked of the real API server for the recorded table, by subject.

Each scenario has a namespace of its own, which its first step makes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from ml.production import manifests
from tests.emulator.kubernetes.behaviours import APPLY, MERGE, TABLE, Step
from tests.emulator.kubernetes.scenario import (
    RESTRICTED,
    Object,
    Scenario,
    at_,
    budget,
    container,
    deployment,
    named,
    pod,
    scaler,
    scenario,
    service,
)
from tests.emulator.kubernetes.scenarios_refusing import invalid, pod_security, requests
from tests.emulator.kubernetes.scenarios_writing import applying, parts, patching
from tests.ml.production.revisions import values


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
