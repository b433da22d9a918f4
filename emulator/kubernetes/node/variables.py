"""The variables and the command of a container, from its spec and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.kubernetes.controllers.facts import amount

Json = dict[str, Any]
REFERENCE: Final = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")
Lookup = Callable[[str, str], Mapping[str, str] | None]
"""(ConfigMap or Secret, name) -> its content, None where there is none in the pod's namespace."""


class Missing(Exception):
    """What a container refers to is not there, in the kubelet's words."""


def expand(text: str, known: Mapping[str, str]) -> str:
    """A text with $(NAME) replaced where NAME is known; $$ is a dollar."""

    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return known.get(match[1], match[0])

    return REFERENCE.sub(one, text)


def of_container(container: Json, pod: Json, lookup: Lookup) -> dict[str, str]:
    """Its variables, in their order. Missing where a key or an object is not there and not optional."""
    found: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if reference := source.get(key):
                content = _content(kind, reference, lookup)
                found |= {f"{source.get('prefix', '')}{name}": value for name, value in content.items()}
    for variable in container.get("env") or []:
        if (origin := variable.get("valueFrom")) is None:
            found[variable["name"]] = expand(str(variable.get("value") or ""), found)
            continue
        value = _from(origin, container, pod, lookup)
        if value is not None:
            found[variable["name"]] = value
    return found


def _from(origin: Json, container: Json, pod: Json, lookup: Lookup) -> str | None:
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if reference := origin.get(key):
            content = _content(kind, reference, lookup)
            if reference["key"] not in content and not reference.get("optional"):
                where = f"{pod['metadata']['namespace']}/{reference['name']}"
                raise Missing(f"couldn't find key {reference['key']} in {kind} {where}")
            return content.get(reference["key"])
    if field := origin.get("fieldRef"):
        return field_of(pod, field["fieldPath"])
    if resource := origin.get("resourceFieldRef"):
        return _resource(container, pod, resource)
    return None


def _content(kind: str, reference: Json, lookup: Lookup) -> Mapping[str, str]:
    content = lookup(kind, reference["name"])
    if content is None and not reference.get("optional"):
        raise Missing(f'{kind.lower()} "{reference["name"]}" not found')
    return content or {}


def field_of(pod: Json, path: str) -> str:
    """A field of the pod for its own processes. Missing for one that cannot be given."""
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    plain = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "metadata.uid": meta["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": status.get("podIP", ""),
        "status.podIPs": status.get("podIP", ""),
        "status.hostIP": status.get("hostIP", ""),
        "status.hostIPs": status.get("hostIP", ""),
    }
    if path in plain:
        return str(plain[path])
    match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if match is None:
        raise Missing(f"unsupported fieldPath: {path}")
    return str((meta.get(match[1]) or {}).get(match[2], ""))


def _resource(container: Json, pod: Json, reference: Json) -> str:
    name = reference.get("containerName") or container["name"]
    owner = next((one for one in pod["spec"]["containers"] if one["name"] == name), container)
    where, _, resource = str(reference["resource"]).partition(".")
    value = amount(((owner.get("resources") or {}).get(where) or {}).get(resource))
    divisor = amount(reference.get("divisor") or "1") or 1.0
    return str(-int(-value // divisor))


def command(container: Json, known: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(command, args) with the variables in their words."""
    words, more = container.get("command") or [], container.get("args") or []
    return [expand(one, known) for one in words], [expand(one, known) for one in more]
