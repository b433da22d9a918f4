"""On which node a pod is to run: what rules nodes out, and which of the others is the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.kubernetes.controllers.facts import amount, is_active, matches, requested

Json = dict[str, Any]
HOST: Final = "kubernetes.io/hostname"
ZONE: Final = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class Choice:
    """node: its name, "" where none fits. message: why none does, in the scheduler's words."""

    node: str
    message: str = ""


def choose(pod: Json, nodes: Sequence[Json], pods: Sequence[Json]) -> Choice:
    """pods: all of the cluster, placed or not."""
    placed = [one for one in pods if one["spec"].get("nodeName") and is_active(one)]
    fits: list[Json] = []
    reasons: Counter[str] = Counter()
    for node in nodes:
        here = [one for one in placed if one["spec"]["nodeName"] == node["metadata"]["name"]]
        found = _against(pod, node, here)
        if not found and (skewed := _skewed(pod, node, nodes, placed)):
            found = [skewed]
        reasons.update(found)
        if not found:
            fits.append(node)
    if not fits:
        words = sorted(f"{count} {reason}" for reason, count in reasons.items())
        if not nodes:
            return Choice("", "no nodes available to schedule pods")
        return Choice("", f"0/{len(nodes)} nodes are available: {', '.join(words)}.")
    return Choice(min(fits, key=lambda node: _score(pod, node, nodes, placed))["metadata"]["name"])


def _against(pod: Json, node: Json, here: Sequence[Json]) -> list[str]:
    """What rules a node out."""
    spec, labels = pod["spec"], node["metadata"].get("labels") or {}
    if node["spec"].get("unschedulable"):
        return ["node(s) were unschedulable"]
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] != "PreferNoSchedule" and not _tolerated(taint, spec.get("tolerations") or []):
            return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    wanted = spec.get("nodeSelector") or {}
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if any(labels.get(key) != value for key, value in wanted.items()) or (
        required and not any(_term(term, labels) for term in required.get("nodeSelectorTerms") or [])
    ):
        return ["node(s) didn't match Pod's node affinity/selector"]
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    short: list[str] = []
    if len(here) >= amount(allocatable.get("pods")):
        short.append("Too many pods")
    for resource in ("cpu", "memory"):
        used = sum(requested(one, resource) for one in here)
        if requested(pod, resource) and used + requested(pod, resource) > amount(allocatable.get(resource)):
            short.append(f"Insufficient {resource}")
    return short


def _tolerated(taint: Json, tolerations: Sequence[Json]) -> bool:
    for one in tolerations:
        if one.get("effect") and one["effect"] != taint["effect"]:
            continue
        if one.get("operator", "Equal") == "Exists":
            if not one.get("key") or one["key"] == taint["key"]:
                return True
        elif one.get("key") == taint["key"] and one.get("value", "") == taint.get("value", ""):
            return True
    return False


def _term(term: Json, labels: Json) -> bool:
    expressions = term.get("matchExpressions") or []
    return bool(expressions) and matches({"matchExpressions": expressions}, labels)


def _spread(constraint: Json, pod: Json, nodes: Sequence[Json], placed: Sequence[Json]) -> Counter[str]:
    """How many pods of a constraint there are in each domain of its topology."""
    key = constraint["topologyKey"]
    domains = {node["metadata"]["name"]: (node["metadata"].get("labels") or {}).get(key) for node in nodes}
    counts: Counter[str] = Counter({domain: 0 for domain in domains.values() if domain is not None})
    for one in placed:
        domain = domains.get(one["spec"]["nodeName"])
        same = one["metadata"].get("namespace") == pod["metadata"].get("namespace")
        if domain and same and _alike(constraint, pod, one):
            counts[domain] += 1
    return counts


def _alike(constraint: Json, pod: Json, other: Json) -> bool:
    """Whether a constraint of a pod counts another one: by its selector and by `matchLabelKeys`."""
    own, labels = pod["metadata"].get("labels") or {}, other["metadata"].get("labels") or {}
    keys = constraint.get("matchLabelKeys") or []
    return matches(constraint.get("labelSelector"), labels) and all(
        own.get(key) == labels.get(key) for key in keys
    )


def _skewed(pod: Json, node: Json, nodes: Sequence[Json], placed: Sequence[Json]) -> str:
    """What a hard constraint has against one more pod on a node."""
    usable = [one for one in nodes if not _against(pod, one, [])]
    for one in pod["spec"].get("topologySpreadConstraints") or []:
        if one.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule":
            continue
        domain = (node["metadata"].get("labels") or {}).get(one["topologyKey"])
        if domain is None:
            return "node(s) didn't match pod topology spread constraints (missing required label)"
        counts = _spread(one, pod, usable, placed)
        own = int(_alike(one, pod, pod))
        if counts[domain] + own - min(counts.values(), default=0) > int(one["maxSkew"]):
            return "node(s) didn't match pod topology spread constraints"
    return ""


def _score(pod: Json, node: Json, nodes: Sequence[Json], placed: Sequence[Json]) -> tuple[Any, ...]:
    """The smaller, the better: few pods of its own kind in the zone and on the node, then few pods at all."""
    labels = pod["metadata"].get("labels") or {}
    name = node["metadata"]["name"]

    def alike(one: Json) -> bool:
        held = one["metadata"].get("labels") or {}
        return one["metadata"].get("namespace") == pod["metadata"].get("namespace") and held == labels

    soft = tuple(
        _spread(one, pod, nodes, placed)[str((node["metadata"].get("labels") or {}).get(one["topologyKey"]))]
        for one in pod["spec"].get("topologySpreadConstraints") or []
    )
    here = [one for one in placed if one["spec"]["nodeName"] == name]
    return soft, sum(map(alike, here)), sum(requested(one, "cpu") for one in here), len(here), name
