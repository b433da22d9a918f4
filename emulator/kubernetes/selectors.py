"""Label selectors and field selectors: as queries write them, and as objects have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from emulator.kubernetes.errors import bad_request
from emulator.kubernetes.kinds import Kind

Json = dict[str, Any]
Chosen = Callable[[Json], bool]

SET: Final = re.compile(
    r"\s*(?P<key>[^\s=!,()]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)\s*(?:,|$)"
)
EQUAL: Final = re.compile(
    r"\s*(?P<key>[^\s=!,()]+)\s*(?P<operator>!=|==|=)\s*(?P<value>[^\s=!,()]*)\s*(?:,|$)"
)
EXISTS: Final = re.compile(r"\s*(?P<not>!?)\s*(?P<key>[^\s=!,()]+)\s*(?:,|$)")
PAIR: Final = re.compile(r"(?P<path>[A-Za-z.]+)(?P<operator>!=|==|=)(?P<value>.*)", re.DOTALL)
# of each kind, beside its name and namespace
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
    "Service": ("spec.clusterIP", "spec.type"),
}


def labels_of(value: Json) -> Mapping[str, str]:
    return (value.get("metadata") or {}).get("labels") or {}


def by_labels(text: str) -> Chosen:
    """What ``labelSelector=`` chooses; 400 where it cannot be read."""
    tests: list[Callable[[Mapping[str, str]], bool]] = []
    at = 0
    while at < len(text):
        if found := SET.match(text, at):
            values = {one.strip() for one in found["values"].split(",")}
            tests.append(_among(found["key"], values, wanted=found["operator"] == "in"))
        elif found := EQUAL.match(text, at):
            tests.append(_among(found["key"], {found["value"]}, wanted=found["operator"] != "!="))
        elif found := EXISTS.match(text, at):
            tests.append(_there(found["key"], wanted=not found["not"]))
        else:
            found_word = _after_key(text[at:])
            raise bad_request(
                f"unable to parse requirement: found '{found_word}', expected: in, notin, =, ==, !=, gt, lt"
            )
        at = found.end()
    return lambda value: all(test(labels_of(value)) for test in tests)


def _after_key(text: str) -> str:
    """What stands where an operator should."""
    words = re.findall(r"[^\s=!,()]+|[=!,()]", text)
    return words[1] if len(words) > 1 else "".join(words)


def _among(key: str, values: set[str], *, wanted: bool) -> Callable[[Mapping[str, str]], bool]:
    if wanted:
        return lambda labels: labels.get(key) in values
    return lambda labels: labels.get(key) not in values


def _there(key: str, *, wanted: bool) -> Callable[[Mapping[str, str]], bool]:
    return lambda labels: (key in labels) is wanted


def matches(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector (``matchLabels``, ``matchExpressions``) fits; an empty one fits everything,
    none fits nothing."""
    if selector is None:
        return False
    wanted: Json = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_fits(one, labels) for one in selector.get("matchExpressions") or [])


def _fits(one: Json, labels: Mapping[str, str]) -> bool:
    key, values = str(one["key"]), cast(list[str], one.get("values") or [])
    match str(one["operator"]):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def shown(selector: Json | None) -> str:
    """A LabelSelector as tables show it."""
    held = selector or {}
    parts = [f"{key}={value}" for key, value in sorted((held.get("matchLabels") or {}).items())]
    for one in held.get("matchExpressions") or []:
        values = ",".join(sorted(one.get("values") or []))
        parts.append(
            {
                "In": f"{one['key']} in ({values})",
                "NotIn": f"{one['key']} notin ({values})",
                "Exists": str(one["key"]),
            }.get(one["operator"], f"!{one['key']}")
        )
    return ",".join(parts) or "<none>"


def by_fields(kind: Kind, text: str) -> Chosen:
    """What ``fieldSelector=`` chooses; 400 for a field that none of the kind is chosen by."""
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, text.split(",")):
        found = PAIR.fullmatch(part.strip())
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path = found["path"]
        if path not in ("metadata.name", "metadata.namespace", *FIELDS.get(kind.kind, ())):
            raise bad_request(
                f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
            )
        tests.append((path, found["operator"] != "!=", found["value"]))
    return lambda value: all((_at(kind, value, path) == wanted) is equal for path, equal, wanted in tests)


def _at(kind: Kind, value: Json, path: str) -> str:
    if kind.kind == "Event" and path == "source":
        return str((value.get("source") or {}).get("component") or value.get("reportingComponent") or "")
    found: Any = value
    for name in path.split("."):
        found = cast(Json, found).get(name) if isinstance(found, dict) else None
    if isinstance(found, bool):
        return str(found).lower()
    if found is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(found)
