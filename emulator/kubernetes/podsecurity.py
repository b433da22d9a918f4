"""Pod Security: what the labels of a namespace let its pods be.

The rules and the words are those of k8s.io/pod-security-admission 0.36, at the newest version of each level.
A check is a row; a level has the rows of the levels under it, but those that a stricter row replaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.kubernetes.errors import Cause, NotServed, forbidden, invalid
from emulator.kubernetes.kinds import BY_KIND, Kind
from emulator.kubernetes.objects import Objects

PREFIX: Final = "pod-security.kubernetes.io/"
LEVELS: Final = ("privileged", "baseline", "restricted")
VERSION: Final = re.compile(r"latest|v1\.(0|[1-9][0-9]{0,3})")
NEWEST: Final = "latest"
OLDEST: Final = 35  # of the pinned versions, the first that has today's rules
EXEMPT: Final = ("kube-system",)  # AKS's own
PODS: Final = ("Deployment", "Pod", "ReplicaSet")  # the kinds that have, or are, one
CAPABILITIES: Final = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
SYSCTLS: Final = frozenset(
    [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    ]
)
SELINUX: Final = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
PROFILES: Final = ("RuntimeDefault", "Localhost")
VOLUMES: Final = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ]
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check does not let through: a few words, and who does it."""

    reason: str
    detail: str

    @property
    def text(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


Check = Callable[[Json], Finding | None]


def _containers(spec: Json) -> list[Json]:
    return [
        one
        for name in ("initContainers", "containers", "ephemeralContainers")
        for one in spec.get(name) or []
    ]


def _context(value: Json) -> Json:
    return value.get("securityContext") or {}


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _many(one: str, count: int) -> str:
    return one if count == 1 else f"{one}s"


def _who(names: list[str]) -> str:
    return f"{_many('container', len(names))} {_quoted(names)}"


def _bad(spec: Json, test: Callable[[Json], bool]) -> list[str]:
    """The names of the containers whose securityContext does not pass."""
    return [str(one["name"]) for one in _containers(spec) if test(_context(one))]


def _setters(spec: Json, test: Callable[[Json], bool]) -> str:
    """Who of the pod and its containers sets something: ``pod and container "a"``; "" for nobody."""
    parts = ["pod"] if test(_context(spec)) else []
    if bad := _bad(spec, test):
        parts.append(_who(bad))
    return " and ".join(parts)


# baseline


def _host_namespaces(spec: Json) -> Finding | None:
    found = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return Finding("host namespaces", ", ".join(found)) if found else None


def _host_ports(spec: Json) -> Finding | None:
    found = {
        str(one["name"]): [str(port["hostPort"]) for port in one.get("ports") or [] if port.get("hostPort")]
        for one in _containers(spec)
    }
    bad = [name for name, ports in found.items() if ports]
    if not bad:
        return None
    ports = sorted({port for one in found.values() for port in one})
    uses = "uses" if len(bad) == 1 else "use"
    return Finding("hostPort", f"{_who(bad)} {uses} {_many('hostPort', len(ports))} {', '.join(ports)}")


def _privileged(spec: Json) -> Finding | None:
    bad = _bad(spec, lambda context: context.get("privileged") is True)
    return Finding("privileged", f"{_who(bad)} must not set securityContext.privileged=true") if bad else None


def _host_paths(spec: Json) -> Finding | None:
    bad = [str(one["name"]) for one in spec.get("volumes") or [] if one.get("hostPath") is not None]
    return Finding("hostPath volumes", f"{_many('volume', len(bad))} {_quoted(bad)}") if bad else None


def _capabilities(spec: Json) -> Finding | None:
    def extra(context: Json) -> set[str]:
        return set((context.get("capabilities") or {}).get("add") or []) - CAPABILITIES

    bad = _bad(spec, lambda context: bool(extra(context)))
    if not bad:
        return None
    found = sorted({name for one in _containers(spec) for name in extra(_context(one))})
    return Finding(
        "non-default capabilities",
        f"{_who(bad)} must not include {_quoted(found)} in securityContext.capabilities.add",
    )


def _proc_mount(spec: Json) -> Finding | None:
    bad = _bad(spec, lambda context: context.get("procMount", "Default") != "Default")
    if not bad:
        return None
    kinds = sorted({str(_context(one).get("procMount")) for one in _containers(spec)} - {"Default", "None"})
    return Finding("procMount", f"{_who(bad)} must not set securityContext.procMount to {_quoted(kinds)}")


def _profile(name: str, key: str, allowed: tuple[str, ...]) -> Callable[[Json], bool]:
    def bad(context: Json) -> bool:
        found = context.get(key)
        return found is not None and found.get("type") not in allowed

    return bad


def _profile_kinds(spec: Json, key: str, allowed: tuple[str, ...]) -> list[str]:
    found = (one for one in (spec, *_containers(spec)))
    kinds = {str((_context(one).get(key) or {}).get("type")) for one in found if _context(one).get(key)}
    return sorted(kinds - set(allowed))


def _app_armor(spec: Json) -> Finding | None:
    who = _setters(spec, _profile("pod", "appArmorProfile", PROFILES))
    if not who:
        return None
    kinds = _profile_kinds(spec, "appArmorProfile", PROFILES)
    return Finding(
        _many("forbidden AppArmor profile", len(kinds)),
        f"{who} must not set AppArmor profile type to {_quoted(kinds)}",
    )


def _seccomp_baseline(spec: Json) -> Finding | None:
    who = _setters(spec, _profile("pod", "seccompProfile", PROFILES))
    if not who:
        return None
    kinds = _quoted(_profile_kinds(spec, "seccompProfile", PROFILES))
    return Finding("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {kinds}")


def _selinux(spec: Json) -> Finding | None:
    def options(context: Json) -> Json | None:
        return context.get("seLinuxOptions")

    def bad(context: Json) -> bool:
        found = options(context)
        return found is not None and bool(
            found.get("type", "") not in SELINUX or found.get("user") or found.get("role")
        )

    who = _setters(spec, bad)
    if not who:
        return None
    held = [found for one in (spec, *_containers(spec)) if (found := options(_context(one))) is not None]
    kinds = sorted({str(one.get("type", "")) for one in held} - SELINUX)
    parts = [f"{_many('type', len(kinds))} {_quoted(kinds)}"] if kinds else []
    parts += [f"{name} may not be set" for name in ("user", "role") if any(one.get(name) for one in held)]
    return Finding(
        "seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(parts)}"
    )


def _sysctls(spec: Json) -> Finding | None:
    found = [str(one["name"]) for one in _context(spec).get("sysctls") or [] if one["name"] not in SYSCTLS]
    return Finding("forbidden sysctls", ", ".join(found)) if found else None


def _host_process(spec: Json) -> Finding | None:
    who = _setters(spec, lambda context: (context.get("windowsOptions") or {}).get("hostProcess") is True)
    words = "must not set securityContext.windowsOptions.hostProcess=true"
    return Finding("hostProcess", f"{who} {words}") if who else None


# restricted


def _escalation(spec: Json) -> Finding | None:
    bad = _bad(spec, lambda context: context.get("allowPrivilegeEscalation") is not False)
    if not bad:
        return None
    return Finding(
        "allowPrivilegeEscalation != false",
        f"{_who(bad)} must set securityContext.allowPrivilegeEscalation=false",
    )


def _capabilities_restricted(spec: Json) -> Finding | None:
    def held(context: Json, name: str) -> list[str]:
        return (context.get("capabilities") or {}).get(name) or []

    def extra(context: Json) -> set[str]:
        return set(held(context, "add")) - {"NET_BIND_SERVICE"}

    parts: list[str] = []
    if keeping := _bad(spec, lambda context: "ALL" not in held(context, "drop")):
        parts.append(f'{_who(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding := _bad(spec, lambda context: bool(extra(context))):
        found = sorted({name for one in _containers(spec) for name in extra(_context(one))})
        parts.append(f"{_who(adding)} must not include {_quoted(found)} in securityContext.capabilities.add")
    return Finding("unrestricted capabilities", "; ".join(parts)) if parts else None


def _volumes(spec: Json) -> Finding | None:
    found = {
        str(one["name"]): next((name for name in one if name not in (*VOLUMES, "name")), "unknown")
        for one in spec.get("volumes") or []
        if not VOLUMES & {name for name, value in one.items() if value is not None}
    }
    if not found:
        return None
    kinds, count = sorted(set(found.values())), len(found)
    uses = "uses" if count == 1 else "use"
    return Finding(
        "restricted volume types",
        f"{_many('volume', count)} {_quoted(found)} {uses} {_many('restricted volume type', len(kinds))} "
        f"{_quoted(kinds)}",
    )


def _non_root(spec: Json) -> Finding | None:
    reason = "runAsNonRoot != true"
    if spec.get("hostUsers") is False:
        return None
    if who := _setters(spec, lambda context: context.get("runAsNonRoot") is False):
        return Finding(reason, f"{who} must not set securityContext.runAsNonRoot=false")
    if _context(spec).get("runAsNonRoot"):
        return None
    bad = _bad(spec, lambda context: context.get("runAsNonRoot") is None)
    return Finding(reason, f"pod or {_who(bad)} must set securityContext.runAsNonRoot=true") if bad else None


def _user(spec: Json) -> Finding | None:
    if spec.get("hostUsers") is False:
        return None
    who = _setters(spec, lambda context: context.get("runAsUser") == 0)
    return Finding("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def _seccomp_restricted(spec: Json) -> Finding | None:
    if found := _seccomp_baseline(spec):
        return found
    if _context(spec).get("seccompProfile") is not None:
        return None
    bad = _bad(spec, lambda context: context.get("seccompProfile") is None)
    words = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Finding("seccompProfile", f"pod or {_who(bad)} {words}") if bad else None


BASELINE: Final[tuple[Check, ...]] = (
    _app_armor,
    _capabilities,
    _host_namespaces,
    _host_paths,
    _host_ports,
    _host_process,
    _privileged,
    _proc_mount,
    _seccomp_baseline,
    _selinux,
    _sysctls,
)
REPLACED: Final = (_capabilities, _host_paths, _seccomp_baseline)
RESTRICTED: Final[tuple[Check, ...]] = (
    *(one for one in BASELINE if one not in REPLACED),
    _escalation,
    _capabilities_restricted,
    _volumes,
    _non_root,
    _user,
    _seccomp_restricted,
)
CHECKS: Final[dict[str, tuple[Check, ...]]] = {
    "privileged": (),
    "baseline": BASELINE,
    "restricted": RESTRICTED,
}


def findings(level: str, spec: Json) -> list[Finding]:
    """What of a pod a level does not let through."""
    return [found for check in CHECKS[level] if (found := check(spec)) is not None]


def _policy(labels: Json, mode: str) -> tuple[str, str]:
    """Level and version of a mode: enforce or warn. Without a level of its own, warn follows enforce."""
    level = labels.get(f"{PREFIX}{mode}")
    version = labels.get(f"{PREFIX}{mode}-version")
    if level is None and mode == "warn":
        enforced, its_version = _policy(labels, "enforce")
        return enforced, version or its_version
    return (str(level) if level in LEVELS else LEVELS[0]), str(version or NEWEST)


def check(objects: Objects, kind: Kind, before: Json | None, now: Json) -> None:
    """403 for a pod that its namespace does not let be; 422 for labels of a namespace that name no level."""
    if kind.kind == "Namespace":
        _check_labels(before, now)
    if kind.kind != "Pod" or (before is not None and not _significant(before, now)):
        return
    meta = now["metadata"]
    level, version = _policy(_labels(objects, str(meta["namespace"])), "enforce")
    if meta["namespace"] not in EXEMPT and (found := findings(level, now["spec"])):
        told = ", ".join(one.text for one in found)
        why = f'violates PodSecurity "{level}:{version}": {told}'
        raise forbidden(BY_KIND["Pod"], str(meta["name"]), why)


def warnings(objects: Objects, kind: Kind, now: Json) -> list[str]:
    """What a client is told of a pod, or of the template of one, that it has just written."""
    namespace = str(now["metadata"].get("namespace", ""))
    if kind.kind not in PODS or namespace in EXEMPT:
        return []
    spec = spec_of(kind, now)
    level, version = _policy(_labels(objects, namespace), "warn")
    if not (found := findings(level, spec)):
        return []
    return [f'would violate PodSecurity "{level}:{version}": {", ".join(one.text for one in found)}']


def spec_of(kind: Kind, value: Json) -> Json:
    """The spec of a pod, or of the template of one."""
    return value["spec"] if kind.kind == "Pod" else value["spec"]["template"]["spec"]


def _labels(objects: Objects, namespace: str) -> Json:
    held = objects.find("Namespace", "", namespace) or {"metadata": {}}
    return held["metadata"].get("labels") or {}


def _significant(before: Json, now: Json) -> bool:
    """Only another image, of all that may change of a pod, is looked at again."""

    def images(pod: Json) -> list[Any]:
        return [one.get("image") for one in _containers(pod["spec"])]

    return images(before) != images(now)


def _check_labels(before: Json | None, now: Json) -> None:
    labels: Json = now["metadata"].get("labels") or {}
    if before is not None and labels == (before["metadata"].get("labels") or {}):
        return
    causes: list[Cause] = []
    for mode in ("enforce", "audit", "warn"):
        level, version = labels.get(f"{PREFIX}{mode}"), labels.get(f"{PREFIX}{mode}-version")
        if level is not None and level not in LEVELS:
            causes.append(
                Cause(
                    "FieldValueInvalid",
                    f"metadata.labels[{PREFIX}{mode}]",
                    f'Invalid value: "{level}": must be one of {", ".join(LEVELS)}',
                )
            )
        if version is not None and not VERSION.fullmatch(version):
            causes.append(
                Cause(
                    "FieldValueInvalid",
                    f"metadata.labels[{PREFIX}{mode}-version]",
                    f'Invalid value: "{version}": must be "latest" or "v1.x"',
                )
            )
        elif version not in (None, NEWEST) and int(str(version)[3:]) < OLDEST:
            raise NotServed(f"Kubernetes: Pod Security of {version}, whose rules are older")
    if causes:
        raise invalid(BY_KIND["Namespace"], str(now["metadata"].get("name", "")), causes)
