"""Which addresses answer for a Service: its Endpoints, and the EndpointSlice that they are as well."""

from __future__ import annotations

from typing import Any, Final

from emulator.kubernetes.controllers.facts import is_ready, matches, reference

Json = dict[str, Any]
SLICE_OF: Final = "kubernetes.io/service-name"
MANAGED: Final = "endpointslice.kubernetes.io/managed-by"


def selected(service: Json, pods: list[Json]) -> list[Json]:
    """The pods of a Service that have an address and have not ended."""
    chosen = service["spec"].get("selector")
    if not chosen:
        return []
    return [
        pod
        for pod in pods
        if matches({"matchLabels": chosen}, pod["metadata"].get("labels"))
        and (pod.get("status") or {}).get("podIP")
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    ]


def target_port(port: Json, pod: Json) -> int | None:
    """The port of a pod that a Service's port leads to; None where the pod has none of its name."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for one in container.get("ports") or []:
            if one.get("name") == target and one.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(one["containerPort"])
    return None


def answers(service: Json, pod: Json) -> bool:
    """Whether a pod takes new connections: it is ready, and not to end."""
    early = bool(service["spec"].get("publishNotReadyAddresses"))
    return early or (is_ready(pod) and not pod["metadata"].get("deletionTimestamp"))


def endpoints(service: Json, pods: list[Json]) -> Json:
    """The object Endpoints of a Service. pods: those of its namespace."""
    meta = service["metadata"]
    subsets: dict[tuple[Any, ...], Json] = {}
    for pod in selected(service, pods):
        ports = [_port(one, pod) for one in service["spec"].get("ports") or [] if target_port(one, pod)]
        if not ports or (pod["metadata"].get("deletionTimestamp") and not answers(service, pod)):
            continue
        key = tuple((one.get("name", ""), one["port"], one["protocol"]) for one in ports)
        subset = subsets.setdefault(key, {"addresses": [], "notReadyAddresses": [], "ports": ports})
        address: Json = {"ip": pod["status"]["podIP"]}
        if node := pod["spec"].get("nodeName"):
            address["nodeName"] = node
        address["targetRef"] = _target(pod)
        subset["addresses" if answers(service, pod) else "notReadyAddresses"].append(address)
    found = [{key: value for key, value in one.items() if value} for one in subsets.values()]
    made: Json = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": meta["name"],
            "namespace": meta["namespace"],
            "labels": {
                **(meta.get("labels") or {}),
                "endpoints.kubernetes.io/managed-by": "endpoint-controller",
            },
        },
    }
    return {**made, "subsets": found} if found else made


def endpoint_slice(service: Json, pods: list[Json], nodes: dict[str, Json]) -> Json:
    """The EndpointSlice of a Service; its name is drawn when it is made. nodes: by name."""
    meta = service["metadata"]
    chosen = selected(service, pods)
    ports: list[Json] = []
    found: list[Json] = []
    for pod in chosen:
        ports = ports or [
            _port(one, pod) for one in service["spec"].get("ports") or [] if target_port(one, pod)
        ]
        node = str(pod["spec"].get("nodeName") or "")
        ending = bool(pod["metadata"].get("deletionTimestamp"))
        endpoint: Json = {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {
                "ready": answers(service, pod),
                "serving": is_ready(pod),
                "terminating": ending,
            },
            "targetRef": _target(pod),
        }
        if node:
            endpoint["nodeName"] = node
            labels = (nodes.get(node) or {"metadata": {}})["metadata"].get("labels") or {}
            if zone := labels.get("topology.kubernetes.io/zone"):
                endpoint["zone"] = zone
        found.append(endpoint)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": {
                **(meta.get("labels") or {}),
                SLICE_OF: meta["name"],
                MANAGED: "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": found,
        "ports": ports,
    }


def _port(port: Json, pod: Json) -> Json:
    named = {"name": port["name"]} if port.get("name") else {}
    return {**named, "port": target_port(port, pod), "protocol": port.get("protocol", "TCP")}


def _target(pod: Json) -> Json:
    meta = pod["metadata"]
    return {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
