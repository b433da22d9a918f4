"""Objects as ``kubectl get`` shows them: the columns of each kind, and a Table of rows.

The columns are those of k8s.io/kubernetes 1.36, `pkg/printers/internalversion/printers.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from emulator.kubernetes import selectors
from emulator.kubernetes.kinds import Kind

Json = dict[str, Any]
NONE: Final = "<none>"
UNKNOWN: Final = "<unknown>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. wide: shown by ``-o wide`` alone."""

    name: str
    value: Callable[[Json], Any]
    type: str = "string"
    wide: bool = False


def _at(value: Json, *path: str) -> Any:
    found: Any = value
    for name in path:
        found = cast(Json, found).get(name) if isinstance(found, dict) else None
    return found


def _text(*path: str, otherwise: str = "") -> Callable[[Json], str]:
    return lambda value: str(_at(value, *path) or otherwise)


def _number(*path: str) -> Callable[[Json], int]:
    return lambda value: int(_at(value, *path) or 0)


def _count(*path: str) -> Callable[[Json], int]:
    return lambda value: len(cast(list[Any], _at(value, *path) or []))


def since(text: str) -> str:
    """How long ago a time was, as ``kubectl`` shows it."""
    if not text:
        return UNKNOWN
    then = datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = int((datetime.now(UTC) - then).total_seconds())
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _age(value: Json) -> str:
    return since(str(_at(value, "metadata", "creationTimestamp") or ""))


def _containers(value: Json) -> list[Json]:
    return _at(value, "spec", "containers") or _at(value, "spec", "template", "spec", "containers") or []


def _names(value: Json) -> str:
    return ",".join(str(one["name"]) for one in _containers(value))


def _images(value: Json) -> str:
    return ",".join(str(one.get("image", "")) for one in _containers(value))


def _selector(value: Json) -> str:
    found = _at(value, "spec", "selector")
    if found is not None and not {"matchLabels", "matchExpressions"} & set(found):
        return ",".join(f"{key}={one}" for key, one in sorted(found.items())) or NONE
    return selectors.shown(found)


def pod_status(value: Json) -> str:
    """The word in the column STATUS of a pod."""
    text = str(_at(value, "status", "reason") or _at(value, "status", "phase") or "")
    for one in reversed(_at(value, "status", "containerStatuses") or []):
        waiting, ended = _at(one, "state", "waiting"), _at(one, "state", "terminated")
        if waiting and waiting.get("reason"):
            text = str(waiting["reason"])
        elif ended:
            code, signal = ended.get("exitCode", 0), ended.get("signal", 0)
            text = ended.get("reason") or (f"Signal:{signal}" if signal else f"ExitCode:{code}")
    if _at(value, "metadata", "deletionTimestamp"):
        return "Terminating"
    return text


def _ready(value: Json) -> str:
    found: list[Json] = _at(value, "status", "containerStatuses") or []
    ready = sum(1 for one in found if one.get("ready") and _at(one, "state", "running") is not None)
    return f"{ready}/{len(_containers(value))}"


def _restarts(value: Json) -> str:
    found: list[Json] = _at(value, "status", "containerStatuses") or []
    count = sum(int(one.get("restartCount", 0)) for one in found)
    ends = [str(_at(one, "lastState", "terminated", "finishedAt") or "") for one in found]
    last = max(ends, default="")
    return f"{count} ({since(last)} ago)" if count and last else str(count)


def _ports(value: Json) -> str:
    parts: list[str] = []
    for one in _at(value, "spec", "ports") or []:
        node = f":{one['nodePort']}" if one.get("nodePort") else ""
        parts.append(f"{one['port']}{node}/{one.get('protocol', 'TCP')}")
    return ",".join(parts) or NONE


def _external(value: Json) -> str:
    kind = _at(value, "spec", "type")
    found = _at(value, "status", "loadBalancer", "ingress") or []
    addresses = [str(one.get("ip") or one.get("hostname") or "") for one in found]
    if kind == "ExternalName":
        return str(_at(value, "spec", "externalName"))
    return ",".join(addresses) or ("<pending>" if kind == "LoadBalancer" else NONE)


def _rollout(value: Json) -> str:
    return f"{_at(value, 'status', 'readyReplicas') or 0}/{_at(value, 'spec', 'replicas') or 0}"


def _targets(value: Json) -> str:
    parts: list[str] = []
    current: list[Json] = _at(value, "status", "currentMetrics") or []
    for at, one in enumerate(_at(value, "spec", "metrics") or []):
        wanted = _at(one, "resource", "target") or {}
        now = _at(current[at], "resource", "current") or {} if at < len(current) else {}
        if (percent := wanted.get("averageUtilization")) is not None:
            is_now = now.get("averageUtilization")
            shown = UNKNOWN if is_now is None else f"{is_now}%"
            parts.append(f"{_at(one, 'resource', 'name')}: {shown}/{percent}%")
        else:
            shown = now.get("averageValue", UNKNOWN)
            parts.append(f"{_at(one, 'resource', 'name')}: {shown}/{wanted.get('averageValue', '')}")
    return ", ".join(parts) or NONE


def _reference(value: Json) -> str:
    found = _at(value, "spec", "scaleTargetRef") or {}
    return f"{found.get('kind')}/{found.get('name')}"


def _node_state(value: Json) -> str:
    found: list[Json] = _at(value, "status", "conditions") or []
    ready = next((one for one in found if one.get("type") == "Ready"), None)
    text = "Unknown" if ready is None else ("Ready" if ready.get("status") == "True" else "NotReady")
    return f"{text},SchedulingDisabled" if _at(value, "spec", "unschedulable") else text


def _bound(name: str) -> Callable[[Json], str]:
    def shown(value: Json) -> str:
        found = _at(value, "spec", name)
        return "N/A" if found is None else str(found)

    return shown


def _seen(value: Json) -> str:
    return since(str(value.get("lastTimestamp") or value.get("eventTime") or "")[:19].rstrip("Z") + "Z")


def _about(value: Json) -> str:
    found = value.get("involvedObject") or {}
    return f"{str(found.get('kind', '')).lower()}/{found.get('name', '')}"


def _endpoints(value: Json) -> str:
    found = [
        f"{one['ip']}:{port['port']}"
        for subset in value.get("subsets") or []
        for port in subset.get("ports") or []
        for one in subset.get("addresses") or []
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return ",".join(found[:3]) + more or NONE


def _slice_ports(value: Json) -> str:
    return ",".join(str(one.get("port", "")) for one in value.get("ports") or []) or "<unset>"


def _slice_addresses(value: Json) -> str:
    found = [address for one in value.get("endpoints") or [] for address in one.get("addresses") or []]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return ",".join(found[:3]) + more or "<unset>"


NAME: Final = Column("Name", _text("metadata", "name"))
AGE: Final = Column("Age", _age)
WORKLOAD: Final = (
    Column("Containers", _names, wide=True),
    Column("Images", _images, wide=True),
    Column("Selector", _selector, wide=True),
)
COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "Pod": (
        NAME,
        Column("Ready", _ready),
        Column("Status", pod_status),
        Column("Restarts", _restarts),
        AGE,
        Column("IP", _text("status", "podIP", otherwise=NONE), wide=True),
        Column("Node", _text("spec", "nodeName", otherwise=NONE), wide=True),
        Column("Nominated Node", _text("status", "nominatedNodeName", otherwise=NONE), wide=True),
        Column("Readiness Gates", lambda value: NONE, wide=True),
    ),
    "Deployment": (
        NAME,
        Column("Ready", _rollout),
        Column("Up-to-date", _number("status", "updatedReplicas")),
        Column("Available", _number("status", "availableReplicas")),
        AGE,
        *WORKLOAD,
    ),
    "ReplicaSet": (
        NAME,
        Column("Desired", _number("spec", "replicas"), "integer"),
        Column("Current", _number("status", "replicas"), "integer"),
        Column("Ready", _number("status", "readyReplicas"), "integer"),
        AGE,
        *WORKLOAD,
    ),
    "Service": (
        NAME,
        Column("Type", _text("spec", "type")),
        Column("Cluster-IP", _text("spec", "clusterIP", otherwise=NONE)),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        AGE,
        Column("Selector", _selector, wide=True),
    ),
    "Namespace": (NAME, Column("Status", _text("status", "phase")), AGE),
    "Node": (
        NAME,
        Column("Status", _node_state),
        Column("Roles", lambda value: NONE),
        AGE,
        Column("Version", _text("status", "nodeInfo", "kubeletVersion")),
    ),
    "HorizontalPodAutoscaler": (
        NAME,
        Column("Reference", _reference),
        Column("Targets", _targets),
        Column("MinPods", lambda value: str(_at(value, "spec", "minReplicas") or "<unset>")),
        Column("MaxPods", _number("spec", "maxReplicas")),
        Column("Replicas", _number("status", "currentReplicas")),
        AGE,
    ),
    "PodDisruptionBudget": (
        NAME,
        Column("Min Available", _bound("minAvailable")),
        Column("Max Unavailable", _bound("maxUnavailable")),
        Column("Allowed Disruptions", _number("status", "disruptionsAllowed"), "integer"),
        AGE,
    ),
    "NetworkPolicy": (
        NAME,
        Column("Pod-Selector", lambda value: selectors.shown(_at(value, "spec", "podSelector"))),
        AGE,
    ),
    "ServiceAccount": (NAME, Column("Secrets", _count("secrets")), AGE),
    "ConfigMap": (NAME, Column("Data", lambda value: _size(value)), AGE),
    "Secret": (
        NAME,
        Column("Type", _text("type")),
        Column("Data", lambda value: _size(value)),
        AGE,
    ),
    "Event": (
        Column("Last Seen", _seen),
        Column("Type", _text("type")),
        Column("Reason", _text("reason")),
        Column("Object", _about),
        Column("Subobject", _text("involvedObject", "fieldPath"), wide=True),
        Column("Source", _text("source", "component"), wide=True),
        Column("Message", _text("message")),
        Column("First Seen", lambda value: since(str(value.get("firstTimestamp") or "")), wide=True),
        Column("Count", _number("count"), wide=True),
        Column("Name", _text("metadata", "name"), wide=True),
    ),
    "Endpoints": (NAME, Column("Endpoints", _endpoints), AGE),
    "EndpointSlice": (
        NAME,
        Column("AddressType", _text("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_addresses),
        AGE,
    ),
    "Lease": (NAME, Column("Holder", _text("spec", "holderIdentity")), AGE),
}


def _size(value: Json) -> int:
    return len(value.get("data") or {}) + len(value.get("binaryData") or {})


def definitions(kind: Kind) -> list[Json]:
    """What a Table says of its columns."""
    return [
        {
            "name": one.name,
            "type": one.type,
            "format": "name" if one is NAME else "",
            "description": "",
            "priority": int(one.wide),
        }
        for one in COLUMNS[kind.kind]
    ]


def table(kind: Kind, values: Iterable[Json], meta: Json, include: str, *, columns: bool = True) -> Json:
    """A Table of objects. meta: of the list, or of the one object. include: Metadata, Object or None."""
    rows = [
        {"cells": [one.value(value) for one in COLUMNS[kind.kind]], "object": _included(value, include)}
        for value in values
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": definitions(kind) if columns else None,
        "rows": rows,
    }


def _included(value: Json, include: str) -> Json | None:
    if include == "Object":
        return value
    if include == "None":
        return None
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]}
