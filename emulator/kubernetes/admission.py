"""What a write has to pass: defaults, what the server itself fills in, admission, validation, managers."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from emulator.arm.service import Arm
from emulator.kubernetes import managed, validation
from emulator.kubernetes.clusters import AUTHORITY, furnish
from emulator.kubernetes.defaults import set_defaults
from emulator.kubernetes.errors import Cause, forbidden, invalid
from emulator.kubernetes.kinds import BY_KIND, Kind
from emulator.kubernetes.objects import ALPHABET, Objects, Rules
from emulator.kubernetes.podsecurity import namespaces as podsecurity

SERVICES: Final = "10.0.0.0/16"  # of a cluster that names no range
NODE_PORTS: Final = (30000, 32767)
TOLERATED: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
TOLERATED_S: Final = 300
TOKENS: Final = "kube-api-access"
MOUNTED_AT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"

Json = dict[str, Any]
Webhook = Callable[[Objects, Json], None]


class Admission(Rules):
    """Of one cluster."""

    def __init__(
        self,
        arm: Arm,
        cluster_id: str,
        authority: Callable[[], str],
        webhooks: Sequence[Webhook] = (),
        checks: Sequence[Webhook] = (),
    ) -> None:
        """authority: the certificate (PEM) by which the API server is known. webhooks: called with each pod
        that is to be new; may change it. checks: called with each that Kubernetes would let in; may refuse it
        """
        self._checks = checks
        self._arm = arm
        self._authority = authority
        self._webhooks = webhooks
        self._cluster_id = cluster_id

    def defaulted(self, kind: Kind, made: Json) -> None:
        """As ``Rules`` has it."""
        set_defaults(kind, made)

    def creating(self, objects: Objects, kind: Kind, made: Json) -> None:
        """As ``Rules`` has it."""
        _begin_status(kind, made)
        if kind.kind == "Pod":
            _admit_pod(objects, made)
            for webhook in self._webhooks:
                webhook(objects, made)
        validation.check_new(kind, made)
        podsecurity.check(objects, kind, None, made)
        if kind.kind == "Pod":
            for check in self._checks:
                check(objects, made)
        if kind.kind == "Service":
            self._number(objects, made, None)

    def created(self, objects: Objects, kind: Kind, made: Json) -> None:
        """As ``Rules`` has it."""
        if kind.kind == "Namespace":
            furnish(objects, str(made["metadata"]["name"]), self._authority())

    def updating(self, objects: Objects, kind: Kind, before: Json, now: Json, subresource: str) -> None:
        """As ``Rules`` has it."""
        if subresource == "status":
            return
        if kind.kind == "Service":
            self._number(objects, now, before)
        validation.check_change(kind, before, now, subresource)
        podsecurity.check(objects, kind, before, now)

    def managed(
        self, kind: Kind, before: Json | None, now: Json, manager: str, subresource: str
    ) -> list[Json] | None:
        """As ``Rules`` has it."""
        return managed.updated(kind, before, now, manager, subresource)

    def _number(self, objects: Objects, made: Json, before: Json | None) -> None:
        """A service's own address, and the ports of the nodes that lead to it."""
        spec, kind = made["spec"], made["spec"]["type"]
        held: Json = (before or {}).get("spec") or {}
        if kind == "ExternalName":
            return
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if not spec.get(name) and held.get(name):
                spec[name] = held[name]
        if not spec.get("clusterIP"):
            spec["clusterIP"] = self._address(objects)
        elif spec["clusterIP"] != "None" and spec["clusterIP"] != held.get("clusterIP"):
            self._check_address(objects, made)
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts")):
            earlier = {
                (one.get("port"), one.get("protocol")): one.get("nodePort") for one in held.get("ports") or []
            }
            taken = {
                port.get("nodePort")
                for one in objects.list("Service")
                for port in one["spec"].get("ports") or []
            }
            if kind == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
                spec.setdefault("healthCheckNodePort", held.get("healthCheckNodePort") or _free_port(taken))
                taken.add(spec["healthCheckNodePort"])
            for port in spec.get("ports") or []:
                if not port.get("nodePort"):
                    known = earlier.get((port.get("port"), port.get("protocol")))
                    port["nodePort"] = known or _free_port(taken)
                    taken.add(port["nodePort"])

    def _range(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        resource = self._arm.find(self._cluster_id) or {"properties": {}}
        profile: Json = resource["properties"].get("networkProfile") or {}
        return ipaddress.ip_network(str(profile.get("serviceCidr") or SERVICES))

    def _address(self, objects: Objects) -> str:
        taken = {str(one["spec"].get("clusterIP")) for one in objects.list("Service")}
        held = self._range()
        # the first sixteen are for those that name theirs
        first = min(16, held.num_addresses // 4)
        count = held.num_addresses - first - 1
        start = random.randrange(count)  # noqa: S311  # as the API server does, so that none is guessed
        for step in range(count):
            address = str(held[first + (start + step) % count])
            if address not in taken:
                return address
        raise invalid(
            BY_KIND["Service"], "", [Cause("FieldValueInvalid", "spec.clusterIPs", "range is full")]
        )

    def _check_address(self, objects: Objects, made: Json) -> None:
        address, name = str(made["spec"]["clusterIP"]), str(made["metadata"]["name"])
        taken = any(one["spec"].get("clusterIP") == address for one in objects.list("Service"))
        held = self._range()
        try:
            inside = ipaddress.ip_address(address) in held
        except ValueError:
            inside = False
        if taken or not inside:
            why = (
                "provided IP is already allocated"
                if taken
                else (
                    f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {held}"
                )
            )
            value = f'Invalid value: ["{address}"]: failed to allocate IP {address}: {why}'
            raise invalid(BY_KIND["Service"], name, [Cause("FieldValueInvalid", "spec.clusterIPs", value)])


def _free_port(taken: set[Any]) -> int:
    first, last = NODE_PORTS
    start = random.randrange(last - first + 1)  # noqa: S311  # as the API server does
    for step in range(last - first + 1):
        port = first + (start + step) % (last - first + 1)
        if port not in taken:
            return port
    raise invalid(BY_KIND["Service"], "", [Cause("FieldValueInvalid", "spec.ports", "node ports are full")])


def _begin_status(kind: Kind, made: Json) -> None:
    """What the server says of an object that is new; what its maker says of that is not heard."""
    if kind.kind == "Node":
        return  # its node says it
    if kind.kind == "Pod":
        made["status"] = {"phase": "Pending", "qosClass": quality(made["spec"])}
    elif kind.kind == "Namespace":
        made["spec"] = {"finalizers": ["kubernetes"]}
        made["status"] = {"phase": "Active"}
    elif kind.status:
        made["status"] = {}
        set_defaults(kind, made)


def quality(spec: Json) -> str:
    """The class of a pod by what it requests and is limited to: Guaranteed, Burstable or BestEffort."""
    found = [one.get("resources") or {} for one in spec.get("containers") or []]
    said = [one for one in found if one.get("requests") or one.get("limits")]
    if not said:
        return "BestEffort"
    for one in found:
        limits: Json = one.get("limits") or {}
        asked: Json = one.get("requests") or limits
        if not {"cpu", "memory"} <= set(limits) or any(asked.get(name) != limits[name] for name in limits):
            return "Burstable"
    return "Guaranteed"


def _mount_token(spec: Json) -> None:
    """What a pod speaks to the API with: a token of its account, the authority, its namespace."""
    name = TOKENS + "-" + "".join(random.choices(ALPHABET, k=5))  # noqa: S311  # a name, no secret
    sources: list[Json] = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": AUTHORITY, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [
                    {
                        "path": "namespace",
                        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                    }
                ]
            }
        },
    ]
    volume = {"name": name, "projected": {"sources": sources, "defaultMode": 0o644}}
    spec.setdefault("volumes", []).append(volume)
    for kind in ("initContainers", "containers"):
        for one in spec.get(kind) or []:
            mounts: list[Json] = one.setdefault("volumeMounts", [])
            if not any(mount.get("mountPath") == MOUNTED_AT for mount in mounts):
                mounts.append({"name": name, "readOnly": True, "mountPath": MOUNTED_AT})


def _admit_pod(objects: Objects, made: Json) -> None:
    """What admission gives each pod: its account, its priority, how long it stands a node that is away."""
    spec, meta = made["spec"], made["metadata"]
    account = spec.get("serviceAccountName") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = account
    if objects.find("ServiceAccount", meta["namespace"], account) is None:
        raise forbidden(
            BY_KIND["Pod"],
            str(meta["name"]),
            f"error looking up service account {meta['namespace']}/{account}: "
            f'serviceaccount "{account}" not found',
        )
    held = objects.get("ServiceAccount", meta["namespace"], account)
    mounts = spec.get("automountServiceAccountToken", held.get("automountServiceAccountToken", True))
    if mounts and not any(str(one["name"]).startswith(TOKENS) for one in spec.get("volumes") or []):
        _mount_token(spec)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations: list[Json] = spec.setdefault("tolerations", [])
    for key in TOLERATED:
        if not any(one.get("key") in (None, "", key) for one in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATED_S}
            )
