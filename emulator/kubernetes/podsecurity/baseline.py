"""The level baseline: what lets a pod out of its container."""

from __future__ import annotations

from typing import Final

from emulator.kubernetes.podsecurity.containers import (
    PROFILES,
    Check,
    Finding,
    Json,
    containers,
    context_of,
    failing,
    many,
    profile,
    profile_kinds,
    quoted,
    setters,
    who_of,
)

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


def _host_namespaces(spec: Json) -> Finding | None:
    found = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return Finding("host namespaces", ", ".join(found)) if found else None


def _host_ports(spec: Json) -> Finding | None:
    found = {
        str(one["name"]): [str(port["hostPort"]) for port in one.get("ports") or [] if port.get("hostPort")]
        for one in containers(spec)
    }
    bad = [name for name, ports in found.items() if ports]
    if not bad:
        return None
    ports = sorted({port for one in found.values() for port in one})
    uses = "uses" if len(bad) == 1 else "use"
    return Finding("hostPort", f"{who_of(bad)} {uses} {many('hostPort', len(ports))} {', '.join(ports)}")


def _privileged(spec: Json) -> Finding | None:
    bad = failing(spec, lambda context: context.get("privileged") is True)
    return (
        Finding("privileged", f"{who_of(bad)} must not set securityContext.privileged=true") if bad else None
    )


def host_paths(spec: Json) -> Finding | None:
    """Folders of the node."""
    bad = [str(one["name"]) for one in spec.get("volumes") or [] if one.get("hostPath") is not None]
    return Finding("hostPath volumes", f"{many('volume', len(bad))} {quoted(bad)}") if bad else None


def capabilities(spec: Json) -> Finding | None:
    """Capabilities beyond those that a container has by default."""

    def extra(context: Json) -> set[str]:
        return set((context.get("capabilities") or {}).get("add") or []) - CAPABILITIES

    bad = failing(spec, lambda context: bool(extra(context)))
    if not bad:
        return None
    found = sorted({name for one in containers(spec) for name in extra(context_of(one))})
    return Finding(
        "non-default capabilities",
        f"{who_of(bad)} must not include {quoted(found)} in securityContext.capabilities.add",
    )


def _proc_mount(spec: Json) -> Finding | None:
    bad = failing(spec, lambda context: context.get("procMount", "Default") != "Default")
    if not bad:
        return None
    kinds = sorted({str(context_of(one).get("procMount")) for one in containers(spec)} - {"Default", "None"})
    return Finding("procMount", f"{who_of(bad)} must not set securityContext.procMount to {quoted(kinds)}")


def _app_armor(spec: Json) -> Finding | None:
    who = setters(spec, profile("appArmorProfile", PROFILES))
    if not who:
        return None
    kinds = profile_kinds(spec, "appArmorProfile", PROFILES)
    return Finding(
        many("forbidden AppArmor profile", len(kinds)),
        f"{who} must not set AppArmor profile type to {quoted(kinds)}",
    )


def seccomp(spec: Json) -> Finding | None:
    """Profiles of seccomp that filter nothing."""
    who = setters(spec, profile("seccompProfile", PROFILES))
    if not who:
        return None
    kinds = quoted(profile_kinds(spec, "seccompProfile", PROFILES))
    return Finding("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {kinds}")


def _selinux(spec: Json) -> Finding | None:
    def options(context: Json) -> Json | None:
        return context.get("seLinuxOptions")

    def bad(context: Json) -> bool:
        found = options(context)
        return found is not None and bool(
            found.get("type", "") not in SELINUX or found.get("user") or found.get("role")
        )

    who = setters(spec, bad)
    if not who:
        return None
    held = [found for one in (spec, *containers(spec)) if (found := options(context_of(one))) is not None]
    kinds = sorted({str(one.get("type", "")) for one in held} - SELINUX)
    parts = [f"{many('type', len(kinds))} {quoted(kinds)}"] if kinds else []
    parts += [f"{name} may not be set" for name in ("user", "role") if any(one.get(name) for one in held)]
    return Finding(
        "seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(parts)}"
    )


def _sysctls(spec: Json) -> Finding | None:
    found = [str(one["name"]) for one in context_of(spec).get("sysctls") or [] if one["name"] not in SYSCTLS]
    return Finding("forbidden sysctls", ", ".join(found)) if found else None


def _host_process(spec: Json) -> Finding | None:
    who = setters(spec, lambda context: (context.get("windowsOptions") or {}).get("hostProcess") is True)
    words = "must not set securityContext.windowsOptions.hostProcess=true"
    return Finding("hostProcess", f"{who} {words}") if who else None


BASELINE: Final[tuple[Check, ...]] = (
    _app_armor,
    capabilities,
    _host_namespaces,
    host_paths,
    _host_ports,
    _host_process,
    _privileged,
    _proc_mount,
    seccomp,
    _selinux,
    _sysctls,
)
