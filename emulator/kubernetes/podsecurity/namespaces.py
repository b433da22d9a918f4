"""Pod Security: what the labels of a namespace let its pods be.

The rules and the words are those of k8s.io/pod-security-admission 0.36, at the newest version of each level.
A check is a row; a level has the rows of the levels under it, but those that a stricter row replaces.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.kubernetes.errors import Cause, NotServed, forbidden, invalid
from emulator.kubernetes.kinds import BY_KIND, Kind
from emulator.kubernetes.objects import Objects
from emulator.kubernetes.podsecurity.baseline import BASELINE
from emulator.kubernetes.podsecurity.containers import Check, Finding, Json, containers
from emulator.kubernetes.podsecurity.restricted import RESTRICTED

PREFIX: Final = "pod-security.kubernetes.io/"
LEVELS: Final = ("privileged", "baseline", "restricted")
VERSION: Final = re.compile(r"latest|v1\.(0|[1-9][0-9]{0,3})")
NEWEST: Final = "latest"
OLDEST: Final = 35  # of the pinned versions, the first that has today's rules
EXEMPT: Final = ("kube-system",)  # AKS's own
PODS: Final = ("Deployment", "Pod", "ReplicaSet")  # the kinds that have, or are, one
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
        return [one.get("image") for one in containers(pod["spec"])]

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
