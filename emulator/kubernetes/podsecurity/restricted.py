"""The level restricted: what a pod has to give up, and to say of itself."""

from __future__ import annotations

from typing import Final

from emulator.kubernetes.podsecurity.baseline import BASELINE, capabilities, host_paths, seccomp
from emulator.kubernetes.podsecurity.containers import (
    Check,
    Finding,
    Json,
    containers,
    context_of,
    failing,
    many,
    quoted,
    setters,
    who_of,
)

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


def _escalation(spec: Json) -> Finding | None:
    bad = failing(spec, lambda context: context.get("allowPrivilegeEscalation") is not False)
    if not bad:
        return None
    return Finding(
        "allowPrivilegeEscalation != false",
        f"{who_of(bad)} must set securityContext.allowPrivilegeEscalation=false",
    )


def _capabilities_restricted(spec: Json) -> Finding | None:
    def held(context: Json, name: str) -> list[str]:
        return (context.get("capabilities") or {}).get(name) or []

    def extra(context: Json) -> set[str]:
        return set(held(context, "add")) - {"NET_BIND_SERVICE"}

    parts: list[str] = []
    if keeping := failing(spec, lambda context: "ALL" not in held(context, "drop")):
        parts.append(f'{who_of(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding := failing(spec, lambda context: bool(extra(context))):
        found = sorted({name for one in containers(spec) for name in extra(context_of(one))})
        parts.append(f"{who_of(adding)} must not include {quoted(found)} in securityContext.capabilities.add")
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
        f"{many('volume', count)} {quoted(found)} {uses} {many('restricted volume type', len(kinds))} "
        f"{quoted(kinds)}",
    )


def _non_root(spec: Json) -> Finding | None:
    reason = "runAsNonRoot != true"
    if spec.get("hostUsers") is False:
        return None
    if who := setters(spec, lambda context: context.get("runAsNonRoot") is False):
        return Finding(reason, f"{who} must not set securityContext.runAsNonRoot=false")
    if context_of(spec).get("runAsNonRoot"):
        return None
    bad = failing(spec, lambda context: context.get("runAsNonRoot") is None)
    return (
        Finding(reason, f"pod or {who_of(bad)} must set securityContext.runAsNonRoot=true") if bad else None
    )


def _user(spec: Json) -> Finding | None:
    if spec.get("hostUsers") is False:
        return None
    who = setters(spec, lambda context: context.get("runAsUser") == 0)
    return Finding("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def _seccomp_restricted(spec: Json) -> Finding | None:
    if found := seccomp(spec):
        return found
    if context_of(spec).get("seccompProfile") is not None:
        return None
    bad = failing(spec, lambda context: context.get("seccompProfile") is None)
    words = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Finding("seccompProfile", f"pod or {who_of(bad)} {words}") if bad else None


REPLACED: Final = (capabilities, host_paths, seccomp)
RESTRICTED: Final[tuple[Check, ...]] = (
    *(one for one in BASELINE if one not in REPLACED),
    _escalation,
    _capabilities_restricted,
    _volumes,
    _non_root,
    _user,
    _seccomp_restricted,
)
