"""What the API server refuses of an object: names, labels, and each kind's own rules.

The rules and the words are those of k8s.io/kubernetes 1.36, `pkg/apis/*/validation`, for the fields that the
estate's manifests have; what is not checked here is kept as it is said.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable
from typing import Any, Final

from emulator.kubernetes import findings, pods
from emulator.kubernetes.errors import invalid
from emulator.kubernetes.findings import Findings
from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.selectors import matches

Json = dict[str, Any]

# the form of a name, where it is not that of a subdomain
NAMES: Final = {"Namespace": findings.LABEL, "Service": findings.SERVICE}
MOST_ANNOTATIONS: Final = 256 * 1024  # bytes
MOST_DATA: Final = 1024 * 1024
IMMUTABLE: Final = "field is immutable"
PROTOCOLS: Final = pods.PROTOCOLS


def check_new(kind: Kind, made: Json) -> None:
    """422 with all that is wrong with an object that is to be new."""
    found = Findings()
    _check_meta(found, kind, made["metadata"])
    if own := OWN.get(kind.kind):
        own(found, made)
    _refuse(kind, made, found)


def check_change(kind: Kind, before: Json, now: Json, subresource: str) -> None:
    """422 with all that is wrong with what an object is to be from now on."""
    found = Findings()
    _check_meta(found, kind, now["metadata"])
    if own := OWN.get(kind.kind):
        own(found, now)
    if (changed := CHANGED.get(kind.kind)) and subresource != "binding":
        changed(found, before, now)
    _refuse(kind, now, found)


def _refuse(kind: Kind, value: Json, found: Findings) -> None:
    if found.causes:
        raise invalid(kind, str(value["metadata"].get("name", "")), found.causes)


def _check_meta(found: Findings, kind: Kind, meta: Json) -> None:
    name = str(meta.get("name", ""))
    if not name:
        found.required("metadata.name", "name or generateName is required")
    else:
        found.form("metadata.name", name, NAMES.get(kind.kind, findings.SUBDOMAIN))
    found.labels("metadata.labels", meta.get("labels") or {})
    notes: Json = meta.get("annotations") or {}
    for key in notes:
        for words in findings.label_key_faults(key.lower()):
            found.invalid("metadata.annotations", key, words)
    if sum(len(key) + len(str(value)) for key, value in notes.items()) > MOST_ANNOTATIONS:
        found.too_long("metadata.annotations", MOST_ANNOTATIONS)
    for at, one in enumerate(meta.get("ownerReferences") or []):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not one.get(field):
                found.invalid(f"metadata.ownerReferences[{at}].{field}", "", f"{field} must not be empty")


def _replicas(found: Findings, spec: Json) -> None:
    found.not_negative("spec.replicas", spec.get("replicas"))
    found.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    selector, faults = spec.get("selector"), len(found.causes)
    if selector is None:
        found.required("spec.selector")
    else:
        found.selector("spec.selector", selector)
        if len(found.causes) > faults:
            found.invalid("spec.selector", selector, "invalid label selector")
            return
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            found.invalid("spec.selector", selector, "empty selector is invalid for deployment")
    template: Json = spec.get("template") or {}
    labels: Json = (template.get("metadata") or {}).get("labels") or {}
    if selector != {} and not matches(selector, labels):
        where = "spec.template.metadata.labels"
        found.invalid(where, labels or None, "`selector` does not match template `labels`")
    found.labels("spec.template.labels", labels)
    inner: Json = template.get("spec") or {}
    pods.check_spec(found, "spec.template.spec", inner)
    if inner.get("restartPolicy") in ("OnFailure", "Never"):
        found.unsupported("spec.template.spec.restartPolicy", inner["restartPolicy"], ("Always",))


def _deployment(found: Findings, value: Json) -> None:
    spec = value["spec"]
    _replicas(found, spec)
    strategy: Json = spec.get("strategy") or {}
    rolling: Json | None = strategy.get("rollingUpdate")
    path = "spec.strategy.rollingUpdate"
    match strategy.get("type"):
        case "Recreate":
            if rolling is not None:
                found.forbidden(path, "may not be specified when strategy `type` is 'Recreate'")
        case "RollingUpdate":
            rolling = rolling or {}
            away, more = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
            found.share(f"{path}.maxUnavailable", away)
            found.share(f"{path}.maxSurge", more)
            if _nothing(away) and _nothing(more):
                found.invalid(f"{path}.maxUnavailable", away, "may not be 0 when `maxSurge` is 0")
            if isinstance(away, str):
                over = Findings()
                over.share(f"{path}.maxUnavailable", away, at_most_all=True)
                found.causes += [one for one in over.causes if "100%" in one.message]
        case _:
            found.unsupported("spec.strategy", strategy, ("Recreate", "RollingUpdate"))
    found.not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    deadline = spec.get("progressDeadlineSeconds")
    found.not_negative("spec.progressDeadlineSeconds", deadline)
    if deadline is not None and deadline <= int(spec.get("minReadySeconds", 0)):
        found.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _nothing(value: Any) -> bool:
    return value in (0, "0%")


def _replica_set(found: Findings, value: Json) -> None:
    _replicas(found, value["spec"])


def _pod(found: Findings, value: Json) -> None:
    pods.check_spec(found, "spec", value.get("spec") or {})


def _service(found: Findings, value: Json) -> None:
    spec: Json = value.get("spec") or {}
    kind, ports = spec.get("type"), spec.get("ports") or []
    found.one_of("spec.type", kind, ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"))
    found.one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    if kind == "ExternalName" and not spec.get("externalName"):
        found.required("spec.externalName")
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        found.required("spec.ports")
    if kind in ("LoadBalancer", "NodePort") and spec.get("clusterIP") == "None":
        found.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    found.labels("spec.selector", spec.get("selector") or {})
    if spec.get("externalTrafficPolicy") and kind not in ("LoadBalancer", "NodePort"):
        found.invalid(
            "spec.externalTrafficPolicy",
            spec["externalTrafficPolicy"],
            "may only be set for externally-accessible services",
        )
    names: set[str] = set()
    seen: set[tuple[Any, Any]] = set()
    for at, port in enumerate(ports):
        path, name = f"spec.ports[{at}]", str(port.get("name", ""))
        if not name and len(ports) > 1:
            found.required(f"{path}.name")
        elif name:
            found.form(f"{path}.name", name, findings.LABEL)
            if name in names:
                found.duplicate(f"{path}.name", name)
            names.add(name)
        number = port.get("port", 0)
        if not isinstance(number, int) or not 0 < number < 65536:
            found.invalid(f"{path}.port", number, findings.PORT)
        found.one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
        found.port(f"{path}.targetPort", port.get("targetPort"))
        both = (port.get("protocol"), number)
        if both in seen:
            found.duplicate(path, {key: port[key] for key in ("protocol", "port") if key in port})
        seen.add(both)


def _autoscaler(found: Findings, value: Json) -> None:
    spec = value["spec"]
    least, most = spec.get("minReplicas"), int(spec.get("maxReplicas") or 0)
    if least is not None and least < 1:
        found.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        found.required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        found.invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        found.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    for field in ("kind", "name"):
        if not (spec.get("scaleTargetRef") or {}).get(field):
            found.required(f"spec.scaleTargetRef.{field}")
    metrics: list[Json] = spec.get("metrics") or []
    if least == 0 and not any(one.get("type") in ("Object", "External") for one in metrics):
        found.forbidden(
            "spec.metrics",
            "must specify at least one Object or External metric to support scaling to zero replicas",
        )
    for at, one in enumerate(metrics):
        target: Json = (one.get("resource") or {}).get("target") or {}
        percent = target.get("averageUtilization")
        if one.get("type") == "Resource" and percent is None and target.get("averageValue") is None:
            found.required(
                f"spec.metrics[{at}].resource.target.averageUtilization",
                "must set either a target raw value or a target utilization",
            )
        if percent is not None and percent < 1:
            found.invalid(
                f"spec.metrics[{at}].resource.target.averageUtilization", percent, "must be greater than 0"
            )


def _budget(found: Findings, value: Json) -> None:
    spec: Json = value.get("spec") or {}
    bounds = [name for name in ("minAvailable", "maxUnavailable") if spec.get(name) is not None]
    if len(bounds) == 2:
        shown = {
            "MinAvailable": spec["minAvailable"],
            "Selector": spec.get("selector"),
            "MaxUnavailable": spec["maxUnavailable"],
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }  # as the server's own type has it
        found.invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set")
    for name in bounds:
        found.share(f"spec.{name}", spec[name], at_most_all=True)
    if spec.get("selector") is not None:
        found.selector("spec.selector", spec["selector"])
    found.one_of(
        "spec.unhealthyPodEvictionPolicy",
        spec.get("unhealthyPodEvictionPolicy"),
        ("AlwaysAllow", "IfHealthyBudget"),
    )


def _network_policy(found: Findings, value: Json) -> None:
    spec: Json = value.get("spec") or {}
    found.selector("spec.podSelector", spec.get("podSelector") or {})
    kinds: list[str] = spec.get("policyTypes") or []
    if len(kinds) > 2:
        found.invalid("spec.policyTypes", kinds, "may not specify more than two policyTypes")
    for at, one in enumerate(kinds):
        found.one_of(f"spec.policyTypes[{at}]", one, ("Ingress", "Egress"))
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for at, rule in enumerate(spec.get(direction) or []):
            for number, port in enumerate(rule.get("ports") or []):
                path = f"spec.{direction}[{at}].ports[{number}]"
                found.one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
                if port.get("port") is not None:
                    found.port(f"{path}.port", port["port"])
            for number, peer in enumerate(rule.get(side) or []):
                _check_peer(found, f"spec.{direction}[{at}].{side}[{number}]", peer)


def _check_peer(found: Findings, path: str, peer: Json) -> None:
    block = peer.get("ipBlock")
    if not any(peer.get(name) is not None for name in ("ipBlock", "podSelector", "namespaceSelector")):
        found.required(path, "must specify a peer")
    if block is not None and any(peer.get(name) is not None for name in ("podSelector", "namespaceSelector")):
        found.forbidden(path, "may not specify both ipBlock and another peer")
    for name in ("podSelector", "namespaceSelector"):
        if peer.get(name) is not None:
            found.selector(f"{path}.{name}", peer[name])
    if block is not None:
        whole = _range(found, f"{path}.ipBlock.cidr", str(block.get("cidr", "")))
        for at, text in enumerate(block.get("except") or []):
            here = f"{path}.ipBlock.except[{at}]"
            part = _range(found, here, str(text))
            if whole and part and not _inside(part, whole):
                found.invalid(here, text, "must be a strict subset of `cidr`")


Range = ipaddress.IPv4Network | ipaddress.IPv6Network


def _range(found: Findings, path: str, text: str) -> Range | None:
    try:
        made = ipaddress.ip_network(text, strict=False)
    except ValueError:
        made = None
    if made is None or "/" not in text:
        found.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
        return None
    if str(made.network_address) != text.partition("/")[0]:
        found.invalid(path, text, "must not have bits set beyond the prefix length")
    return made


def _inside(part: Range, whole: Range) -> bool:
    if isinstance(part, ipaddress.IPv4Network) and isinstance(whole, ipaddress.IPv4Network):
        return part != whole and part.subnet_of(whole)
    if isinstance(part, ipaddress.IPv6Network) and isinstance(whole, ipaddress.IPv6Network):
        return part != whole and part.subnet_of(whole)
    return False


def _config_map(found: Findings, value: Json) -> None:
    data: Json = value.get("data") or {}
    for field in ("data", "binaryData"):
        for key in value.get(field) or {}:
            found.form(f"{field}[{key}]", key, findings.KEY)
    if sum(len(str(one).encode()) for one in data.values()) > MOST_DATA:
        found.too_long("", MOST_DATA)


def _secret(found: Findings, value: Json) -> None:
    data: Json = value.get("data") or {}
    for key in data:
        found.form(f"data[{key}]", key, findings.KEY)
    if sum(_size(str(one)) for one in data.values()) > MOST_DATA:
        found.too_long("data", MOST_DATA)


def _size(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except binascii.Error:
        return len(text)


OWN: Final[dict[str, Callable[[Findings, Json], None]]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Pod": _pod,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _budget,
    "NetworkPolicy": _network_policy,
    "ConfigMap": _config_map,
    "Secret": _secret,
}


def _same_selector(found: Findings, before: Json, now: Json) -> None:
    if before["spec"].get("selector") != now["spec"].get("selector"):
        found.invalid("spec.selector", now["spec"].get("selector"), IMMUTABLE)


def _same_address(found: Findings, before: Json, now: Json) -> None:
    old, new = before["spec"].get("clusterIP"), now["spec"].get("clusterIP")
    kinds = {before["spec"].get("type"), now["spec"].get("type")}
    if old and old != new and "ExternalName" not in kinds:
        found.invalid("spec.clusterIPs[0]", [new], "may not change once set")


def _same_data(found: Findings, before: Json, now: Json) -> None:
    if not before.get("immutable"):
        return
    if not now.get("immutable"):
        found.forbidden("immutable", "field is immutable when `immutable` is set")
    for name in ("data", "binaryData"):
        if (before.get(name) or {}) != (now.get(name) or {}):
            found.forbidden(name, "field is immutable when `immutable` is set")


def _same_secret(found: Findings, before: Json, now: Json) -> None:
    if before.get("type") != now.get("type"):
        found.invalid("type", now.get("type"), IMMUTABLE)
    _same_data(found, before, now)


CHANGED: Final[dict[str, Callable[[Findings, Json, Json], None]]] = {
    "Deployment": _same_selector,
    "ReplicaSet": _same_selector,
    "Service": _same_address,
    "ConfigMap": _same_data,
    "Secret": _same_secret,
    "Pod": pods.check_update,
}
