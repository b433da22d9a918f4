"""What is refused: of objects that cannot be, of pods that their namespace does not let be, of evictions."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.emulator.kubernetes.conftest import DEPLOYMENTS, Api, deployment

Json = dict[str, Any]
SCORING = "/api/v1/namespaces/scoring"
PODS = f"{SCORING}/pods"
BUDGETS = "/apis/policy/v1/namespaces/scoring/poddisruptionbudgets"
RESTRICTED = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
MERGE = "application/merge-patch+json"


def template(value: Json) -> Json:
    return value["spec"]["template"]["spec"]


def container(value: Json) -> Json:
    return template(value)["containers"][0]


def pod(name: str = "p", **labels: str) -> Json:
    found = deployment(name)["spec"]["template"]
    meta = {"name": name, "labels": {"app": "d", **labels}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": found["spec"]}


def change(path: str, value: Any) -> Any:
    """A change of a Deployment at a path of members."""

    def function(body: Json) -> None:
        at: Any = body
        *above, last = path.split(".")
        for part in above:
            at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
        at[last] = value

    return function


INNER = "spec.template.spec.containers.0"
INVALID = [
    (
        change("spec.replicas", -1),
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    ),
    (
        change("spec.template.metadata.labels", {"app": "x"}),
        'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template '
        "`labels`",
    ),
    (
        change("spec.strategy.rollingUpdate", {"maxSurge": 0, "maxUnavailable": 0}),
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
    ),
    (
        change("spec.template.spec.restartPolicy", "Never"),
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ),
    (change("spec.template.spec.containers", []), "spec.template.spec.containers: Required value"),
    (
        change(f"{INNER}.resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}),
        'spec.template.spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal '
        "to cpu limit of 500m",
    ),
    (
        change(f"{INNER}.volumeMounts", [{"name": "tmp", "mountPath": "/tmp"}]),
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "tmp"',
    ),
    (
        change(f"{INNER}.livenessProbe", {"httpGet": {"port": 80}, "successThreshold": 2}),
        "spec.template.spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
    ),
    (
        change(f"{INNER}.readinessProbe", {"periodSeconds": 1}),
        "spec.template.spec.containers[0].readinessProbe: Required value: must specify a handler type",
    ),
    (
        change(f"{INNER}.imagePullPolicy", "Sometimes"),
        'spec.template.spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: '
        '"Always", "IfNotPresent", "Never"',
    ),
    (
        change("spec.progressDeadlineSeconds", 0),
        "spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds",
    ),
]


@pytest.mark.parametrize(("spoil", "words"), INVALID)
def test_a_deployment_that_cannot_be(api: Api, spoil: Any, words: str) -> None:
    body = deployment()
    spoil(body)
    refused = api.refused("POST", DEPLOYMENTS, body)
    assert (refused["code"], refused["reason"]) == (422, "Invalid")
    assert refused["message"] == f'Deployment.apps "d" is invalid: {words}'
    field, _, message = words.partition(": ")
    (cause,) = refused["details"]["causes"]
    assert (cause["field"], cause["message"]) == (field, message)
    assert cause["reason"].startswith("FieldValue")


OTHERS = [
    (
        f"{SCORING}/services",
        {"kind": "Service", "metadata": {"name": "1x"}, "spec": {"ports": [{"port": 80}]}},
        'Service "1x" is invalid: metadata.name: Invalid value: "1x": a DNS-1035 label must consist of',
    ),
    (
        f"{SCORING}/services",
        {"kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}, {"port": 81}]}},
        'Service "s" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    ),
    (
        BUDGETS,
        {
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "b"},
            "spec": {"minAvailable": 1, "maxUnavailable": 1},
        },
        "minAvailable and maxUnavailable cannot be both set",
    ),
    (
        "/apis/autoscaling/v2/namespaces/scoring/horizontalpodautoscalers",
        {
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h"},
            "spec": {
                "minReplicas": 3,
                "maxReplicas": 2,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
            },
        },
        "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`",
    ),
    (
        "/apis/networking.k8s.io/v1/namespaces/scoring/networkpolicies",
        {
            "kind": "NetworkPolicy",
            "metadata": {"name": "n"},
            "spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.300/8"}}]}]},
        },
        'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.300/8": must be a valid CIDR value',
    ),
    (
        f"{SCORING}/configmaps",
        {"kind": "ConfigMap", "metadata": {"name": "c", "labels": {"a": "-"}}},
        'ConfigMap "c" is invalid: metadata.labels: Invalid value: "-": a valid label must be an empty ',
    ),
    (
        f"{SCORING}/secrets",
        {"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "no base64!"}},
        'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 2',
    ),
    (
        f"{SCORING}/configmaps",
        {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "other"}},
        "the namespace of the provided object does not match the namespace sent on the request",
    ),
]


@pytest.mark.parametrize(("path", "body", "words"), OTHERS)
def test_other_objects_that_cannot_be(api: Api, path: str, body: Json, words: str) -> None:
    assert words in api.refused("POST", path, body)["message"]


def test_what_may_not_change(api: Api) -> None:
    body = deployment()
    made = api.ok("POST", DEPLOYMENTS, body)
    made["spec"]["selector"] = {"matchLabels": {"app": "x"}}
    made["spec"]["template"]["metadata"]["labels"] = {"app": "x"}
    assert api.refused("PUT", f"{DEPLOYMENTS}/d", made)["message"] == (
        'Deployment.apps "d" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is '
        "immutable"
    )
    held = api.ok("POST", PODS, pod())
    held["spec"]["containers"][0]["command"] = ["x"]
    assert (
        "pod updates may not change fields other than `spec.containers[*].image`"
        in (api.refused("PUT", f"{PODS}/p", held)["message"])
    )
    held = api.ok("GET", f"{PODS}/p")
    held["spec"]["containers"][0]["image"] = "other:1"
    assert api.ok("PUT", f"{PODS}/p", held)["spec"]["containers"][0]["image"] == "other:1"


def test_a_restricted_namespace(api: Api) -> None:
    api.ok("PATCH", SCORING, RESTRICTED, content_type=MERGE)
    good = pod()
    api.ok("POST", PODS, good)
    bare = pod("bare")
    del bare["spec"]["containers"][0]["securityContext"]
    words = (
        'PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "app" must set '
        'securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "app" must '
        'set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "app" must '
        'set securityContext.runAsNonRoot=true), seccompProfile (pod or container "app" must set '
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )
    refused = api.refused("POST", PODS, bare)
    assert refused["message"] == f'pods "bare" is forbidden: violates {words}'
    assert (refused["code"], refused["details"]) == (403, {"name": "bare", "kind": "pods"})
    body = deployment()
    del container(body)["securityContext"]
    warned = api("POST", DEPLOYMENTS, body)
    assert warned.status == 201
    assert warned.headers["warning"] == '299 - "would violate ' + words.replace('"', '\\"') + '"'
    open_ = pod("open")
    open_["spec"] |= {"hostNetwork": True, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    message = api.refused("POST", PODS, open_)["message"]
    assert "host namespaces (hostNetwork=true), " in message
    assert 'restricted volume types (volume "v" uses restricted volume type "hostPath")' in message
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "strict"}}}
    refused = api.refused("PATCH", SCORING, label, content_type=MERGE)
    assert refused["message"].endswith(
        'Invalid value: "strict": must be one of privileged, baseline, restricted'
    )


def test_an_eviction_and_its_budget(api: Api) -> None:
    api.ok("POST", PODS, pod())
    evict = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    held = api.ok("GET", f"{PODS}/p")
    held["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.ok("PUT", f"{PODS}/p/status", held)
    budget = {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "b"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "d"}}},
    }
    made = api.ok("POST", BUDGETS, budget)
    early = api("POST", f"{PODS}/p/eviction", evict)
    assert (early.status, early.headers["retry-after"]) == (429, "10")
    said = {"observedGeneration": 1, "disruptionsAllowed": 0, "desiredHealthy": 1, "currentHealthy": 1}
    made["status"] |= said | {"expectedPods": 1}
    made = api.ok("PUT", f"{BUDGETS}/b/status", made)
    assert api.refused("POST", f"{PODS}/p/eviction", evict) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "reason": "TooManyRequests",
        "details": {
            "causes": [
                {
                    "reason": "DisruptionBudget",
                    "message": "The disruption budget b needs 1 healthy pods and has 1 currently",
                }
            ]
        },
        "code": 429,
    }
    made["status"]["disruptionsAllowed"] = 1
    api.ok("PUT", f"{BUDGETS}/b/status", made)
    api.ok("POST", f"{PODS}/p/eviction?dryRun=All", evict)
    assert api.ok("GET", f"{BUDGETS}/b")["status"]["disruptionsAllowed"] == 1
    assert api.ok("POST", f"{PODS}/p/eviction", evict)["status"] == "Success"
    assert api.refused("GET", f"{PODS}/p")["code"] == 404
    left = api.ok("GET", f"{BUDGETS}/b")["status"]
    assert left["disruptionsAllowed"] == 0 and list(left["disruptedPods"]) == ["p"]


def test_a_scale_and_a_token(api: Api) -> None:
    api.ok("POST", DEPLOYMENTS, deployment(replicas=2))
    scale = api.ok("GET", f"{DEPLOYMENTS}/d/scale")
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 2},
        {"replicas": 0, "selector": "app=d"},
    )
    refused = api.refused("PUT", f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": -1}})
    assert refused["message"].startswith('Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1')
    wanted = {"spec": {"audiences": ["api://AzureADTokenExchange"], "expirationSeconds": 600}}
    token = api.ok("POST", f"{SCORING}/serviceaccounts/default/token", wanted)["status"]["token"]
    claims = json.loads(_payload(token))
    assert claims["sub"] == "system:serviceaccount:scoring:default"
    assert claims["aud"] == ["api://AzureADTokenExchange"] and claims["exp"] - claims["iat"] == 600
    short = {"spec": {"expirationSeconds": 60}}
    refused = api.refused("POST", f"{SCORING}/serviceaccounts/default/token", short)
    assert "may not specify a duration less than 10 minutes" in refused["message"]


def _payload(token: str) -> bytes:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
