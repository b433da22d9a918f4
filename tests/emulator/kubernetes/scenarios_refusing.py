"""Scenarios of what is refused: what is no request, objects that are wrong, pods under `restricted`."""

from __future__ import annotations

from collections.abc import Iterable

from tests.emulator.kubernetes.behaviours import MERGE, Step
from tests.emulator.kubernetes.scenario import (
    Object,
    at_,
    budget,
    container,
    deployment,
    named,
    pod,
    safe,
    scaler,
    service,
)


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
