"""What the API server puts into an object where nothing is said: a table of each type's own defaults.

They are those of k8s.io/kubernetes 1.36, `pkg/apis/*/v1/defaults.go`, for what is served here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final, cast

from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.quantity import canonical
from emulator.kubernetes.schema import Field, root, struct

Json = dict[str, Any]

PROBE: Final[Json] = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
FILE_MODE: Final = 0o644
RULES_UP: Final[list[Json]] = [
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
]
RULES_DOWN: Final[list[Json]] = [{"type": "Percent", "value": 100, "periodSeconds": 15}]


def set_defaults(kind: Kind, value: Json) -> None:
    """Complete an object of a kind; what is said stays."""
    if own := KINDS.get(kind.kind):
        own(value)
    fill(root(kind.schema), value)


def fill(of: Field, value: Any) -> None:
    """The defaults of the types themselves, and the fields that are shown even where nothing is in them."""
    if of.struct and isinstance(value, dict):
        held = cast(Json, value)
        for name, field in struct(of.type).fields.items():
            if field.default is not None and name not in held:
                held[name] = dict(field.default) if isinstance(field.default, dict) else field.default
            if name in held:
                fill(field, held[name])
                if field.type == "quantity":
                    held[name] = canonical(held[name])
    elif of.of is not None and of.type == "list":
        for one in cast(list[Any], value or []):
            fill(of.of, one)
    elif of.of is not None and of.type == "map" and isinstance(value, dict):
        pairs = cast(Json, value)
        for name, one in pairs.items():
            if of.of.type == "quantity":
                pairs[name] = canonical(one)
            fill(of.of, one)


def _spec(value: Json) -> Json:
    return value.setdefault("spec", {})


def _put(value: Json, defaults: Json) -> None:
    for name, one in defaults.items():
        if value.get(name) is None:
            value[name] = one


def pod_spec(spec: Json) -> None:
    """Of a pod and of a template."""
    _put(
        spec,
        {
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "terminationGracePeriodSeconds": 30,
        },
    )
    spec.setdefault("securityContext", {})
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:  # two names of one thing
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for name in ("containers", "initContainers"):
        for one in spec.get(name) or []:
            _container(one)
    for one in spec.get("volumes") or []:
        _volume(one)


def _container(value: Json) -> None:
    _put(value, {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"})
    if not value.get("imagePullPolicy"):
        value["imagePullPolicy"] = "Always" if _latest(str(value.get("image", ""))) else "IfNotPresent"
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = value.get(name)
        if probe is not None:
            for field, one in PROBE.items():
                if not probe.get(field):
                    probe[field] = one
            _http(probe.get("httpGet"))
    for hook in (value.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _http(cast(Json, hook).get("httpGet"))
    for one in value.get("env") or []:
        if (reference := (one.get("valueFrom") or {}).get("fieldRef")) is not None:
            _put(reference, {"apiVersion": "v1"})


def _latest(image: str) -> bool:
    """Whether an image is named without a tag or digest, or by the tag ``latest``."""
    name, digest, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return not digest and tag in ("", "latest")


def _http(action: Json | None) -> None:
    if action is not None:
        _put(action, {"scheme": "HTTP"})
        if not action.get("path"):
            action["path"] = "/"


def _volume(value: Json) -> None:
    sources = [name for name in value if name != "name"]
    if not sources:
        value["emptyDir"] = {}
    for name in ("configMap", "secret", "downwardAPI", "projected"):
        if value.get(name) is not None:
            _put(value[name], {"defaultMode": FILE_MODE})
    for source in (value.get("projected") or {}).get("sources") or []:
        if source.get("serviceAccountToken") is not None:
            _put(source["serviceAccountToken"], {"expirationSeconds": 3600})
        for item in (source.get("downwardAPI") or {}).get("items") or []:
            if item.get("fieldRef") is not None:
                _put(item["fieldRef"], {"apiVersion": "v1"})


def _pod(value: Json) -> None:
    spec = _spec(value)
    pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    for name in ("containers", "initContainers"):
        for one in spec.get(name) or []:
            resources: Json = one.setdefault("resources", {})
            limits: Json = resources.get("limits") or {}
            if limits:
                _put(resources.setdefault("requests", {}), limits)


def _template(spec: Json) -> None:
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))


def _deployment(value: Json) -> None:
    spec = _spec(value)
    _put(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy: Json = spec.setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        _put(strategy.setdefault("rollingUpdate", {}), {"maxUnavailable": "25%", "maxSurge": "25%"})
    _template(spec)


def _replica_set(value: Json) -> None:
    _put(_spec(value), {"replicas": 1})
    _template(value["spec"])


def _service(value: Json) -> None:
    spec = _spec(value)
    _put(spec, {"sessionAffinity": "None", "type": "ClusterIP"})
    if spec["type"] != "ExternalName":
        _put(spec, {"internalTrafficPolicy": "Cluster"})
    if spec["type"] in ("LoadBalancer", "NodePort"):
        _put(spec, {"externalTrafficPolicy": "Cluster"})
    if spec["type"] == "LoadBalancer":
        _put(spec, {"allocateLoadBalancerNodePorts": True})
    balancer: Json = (value.get("status") or {}).get("loadBalancer") or {}
    for one in balancer.get("ingress") or []:
        if one.get("ip"):
            _put(one, {"ipMode": "VIP"})
    for port in spec.get("ports") or []:
        _put(port, {"protocol": "TCP"})
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)


def _autoscaler(value: Json) -> None:
    spec = _spec(value)
    _put(spec, {"minReplicas": 1})
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        up: Json = behavior.setdefault("scaleUp", {})
        _put(up, {"selectPolicy": "Max", "stabilizationWindowSeconds": 0})
        if not up.get("policies"):
            up["policies"] = [dict(one) for one in RULES_UP]
        down: Json = behavior.setdefault("scaleDown", {})
        _put(down, {"selectPolicy": "Max"})
        if not down.get("policies"):
            down["policies"] = [dict(one) for one in RULES_DOWN]


def _network_policy(value: Json) -> None:
    spec = _spec(value)
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    for direction in ("ingress", "egress"):
        for rule in spec.get(direction) or []:
            for port in rule.get("ports") or []:
                _put(port, {"protocol": "TCP"})


def _secret(value: Json) -> None:
    _put(value, {"type": "Opaque"})
    for name, text in (value.pop("stringData", None) or {}).items():
        value.setdefault("data", {})[name] = base64.b64encode(str(text).encode()).decode()


def _slice(value: Json) -> None:
    for port in value.get("ports") or []:
        _put(port, {"name": "", "protocol": "TCP"})


def _endpoints(value: Json) -> None:
    for subset in value.get("subsets") or []:
        for port in subset.get("ports") or []:
            _put(port, {"protocol": "TCP"})


def _namespace(value: Json) -> None:
    meta: Json = value["metadata"]
    meta.setdefault("labels", {})["kubernetes.io/metadata.name"] = meta.get("name", "")


KINDS: Final[dict[str, Callable[[Json], None]]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "NetworkPolicy": _network_policy,
    "Secret": _secret,
    "EndpointSlice": _slice,
    "Endpoints": _endpoints,
    "Namespace": _namespace,
}
