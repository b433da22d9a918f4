"""What a cluster says that it serves: version, groups, resources, and its OpenAPI as far as kubectl asks."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any, Final

from emulator.kubernetes import schema
from emulator.kubernetes.kinds import KINDS, Kind
from emulator.kubernetes.schema import Field

Json = dict[str, Any]
VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
# subresource -> group, version and kind of its bodies ("": those of the object), verbs
SUBRESOURCES: Final[dict[str, tuple[tuple[str, str, str] | None, tuple[str, ...]]]] = {
    "status": (None, ("get", "patch", "update")),
    "scale": (("autoscaling", "v1", "Scale"), ("get", "patch", "update")),
    "log": (None, ("get",)),
    "eviction": (("policy", "v1", "Eviction"), ("create",)),
    "binding": (("", "v1", "Binding"), ("create",)),
    "token": (("authentication.k8s.io", "v1", "TokenRequest"), ("create",)),
}
AGGREGATED: Final = "apidiscovery.k8s.io"
PARAMETERS: Final = ("dryRun", "fieldManager", "fieldValidation")


def version(text: str) -> Json:
    """``/version``; text: such as 1.33.5."""
    major, minor, _ = text.split(".", 2)
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": f"v{text}",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def groups() -> list[tuple[str, str]]:
    """Group and version of all that is served, the core group first."""
    return list(dict.fromkeys((kind.group, kind.version) for kind in KINDS))


def api() -> Json:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}],
    }


def group(name: str) -> Json:
    found = [version for one, version in groups() if one == name]
    versions = [{"groupVersion": f"{name}/{one}", "version": one} for one in found]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def apis() -> Json:
    names = dict.fromkeys(name for name, _ in groups() if name)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(name) for name in names]}


def _of(name: str, version: str) -> list[Kind]:
    return [kind for kind in KINDS if (kind.group, kind.version) == (name, version)]


def resources(name: str, version: str) -> Json | None:
    """The resources of a group's version; None for one that is not served."""
    found = _of(name, version)
    if not found:
        return None
    listed: list[Json] = []
    for kind in found:
        row: Json = {
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": list(VERBS),
        }
        row |= {"shortNames": list(kind.short)} if kind.short else {}
        row |= {"categories": list(kind.categories)} if kind.categories else {}
        row["storageVersionHash"] = hashlib.sha256(kind.schema.encode()).hexdigest()[:11] + "="
        listed.append(row)
        for sub in kind.subresources:
            body, verbs = SUBRESOURCES[sub]
            row = {
                "name": f"{kind.plural}/{sub}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": body[2] if body else kind.kind,
                "verbs": list(verbs),
            }
            listed.append(row | ({"group": body[0], "version": body[1]} if body else {}))
    text = f"{name}/{version}" if name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": text, "resources": listed}


def aggregated(core: bool, wanted: str) -> Json:
    """All at once, as ``APIGroupDiscoveryList``; wanted: its version, v2 or v2beta1."""
    items: list[Json] = []
    for name in dict.fromkeys(name for name, _ in groups() if bool(name) is not core):
        versions = [
            {
                "version": version,
                "resources": [_discovered(kind) for kind in _of(name, version)],
                "freshness": "Current",
            }
            for one, version in groups()
            if one == name
        ]
        meta: Json = {"creationTimestamp": None} | ({"name": name} if name else {})
        items.append({"metadata": meta, "versions": versions})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"{AGGREGATED}/{wanted}",
        "metadata": {},
        "items": items,
    }


def _discovered(kind: Kind) -> Json:
    row: Json = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(VERBS),
    }
    row |= {"shortNames": list(kind.short)} if kind.short else {}
    row |= {"categories": list(kind.categories)} if kind.categories else {}
    subresources: list[Json] = []
    for sub in kind.subresources:
        body, verbs = SUBRESOURCES[sub]
        group_, version_, name = body or (kind.group, kind.version, kind.kind)
        response = {"group": group_, "version": version_, "kind": name}
        subresources.append({"subresource": sub, "responseKind": response, "verbs": list(verbs)})
    return row | ({"subresources": subresources} if subresources else {})


# OpenAPI


def openapi_index() -> Json:
    """``/openapi/v3``: a document for each group's version."""
    paths: Json = {}
    for name, version in groups():
        path = _path(name, version)
        digest = hashlib.sha512(openapi(name, version) or b"").hexdigest().upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def _path(name: str, version: str) -> str:
    return f"apis/{name}/{version}" if name else f"api/{version}"


@cache
def openapi(name: str, version: str) -> bytes | None:
    """The document of a group's version: its types, and of its paths what tells kubectl how to write."""
    found = _of(name, version)
    if not found:
        return None
    schemas: Json = {}
    for kind in found:
        _describe(kind.schema, schemas)
        schemas[kind.schema]["x-kubernetes-group-version-kind"] = [_gvk(kind)]
    paths: Json = {}
    for kind in found:
        under = "/namespaces/{namespace}" if kind.namespaced else ""
        at = f"/{_path(name, version)}{under}/{kind.plural}"
        paths[at] = {"post": _operation(kind, "post")}
        paths[f"{at}/{{name}}"] = {
            "put": _operation(kind, "put"),
            "patch": _operation(kind, "patch", "force"),
        }
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": schemas},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _gvk(kind: Kind) -> Json:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _operation(kind: Kind, action: str, *more: str) -> Json:
    parameters = [
        {"name": one, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for one in (*PARAMETERS, *more)
    ]
    return {
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(kind),
    }


def _describe(name: str, schemas: Json) -> None:
    if name in schemas:
        return
    found = schema.struct(name)
    made: Json = {"type": "object", "properties": {}}
    schemas[name] = made
    for key, field in found.fields.items():
        made["properties"][key] = _described(field, schemas)
    if found.required:
        made["required"] = list(found.required)


def _described(field: Field, schemas: Json) -> Json:
    made: Json = {"default": field.default} if field.default is not None else {}
    if field.struct:
        _describe(field.type, schemas)
        return {"allOf": [{"$ref": f"#/components/schemas/{field.type}"}], **made}
    if field.type == "list" and field.of is not None:
        made |= {"type": "array", "items": _described(field.of, schemas)}
        made["x-kubernetes-list-type"] = field.listing
        made |= {"x-kubernetes-list-map-keys": list(field.keys)} if field.keys else {}
        made |= {"x-kubernetes-patch-strategy": field.strategy} if field.strategy else {}
        return made | ({"x-kubernetes-patch-merge-key": field.merge} if field.merge else {})
    if field.type == "map" and field.of is not None:
        return {"type": "object", "additionalProperties": _described(field.of, schemas), **made}
    return {**SCALARS.get(field.type, {"type": field.type}), **made}


SCALARS: Final[dict[str, Json]] = {
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "int-or-string": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "any": {"type": "object"},
}
