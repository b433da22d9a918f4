"""Writes ``schema.json``, the types of the objects that are served, and ``served.json``, all that a real
server serves, out of Kubernetes' own OpenAPI documents.

    python -m emulator.kubernetes.export_schema .../k8s.io/kubernetes@v1.36.3/api/openapi-spec/v3

The folder is in the Go module k8s.io/kubernetes. What is kept of a field: its type, how lists and maps merge,
what stands in for a value that is left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, cast

from emulator.kubernetes.kinds import KINDS

PATH: Final = Path(__file__).with_name("schema.json")
SERVED: Final = Path(__file__).with_name("served.json")
META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1"
REF: Final = "#/components/schemas/"
# bodies of subresources and of requests
ROOTS: Final = (
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.authentication.v1.TokenRequest",
    "io.k8s.api.core.v1.Binding",
    "io.k8s.api.policy.v1.Eviction",
    f"{META}.DeleteOptions",
)
SCALARS: Final = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    f"{META}.Time": "time",
    f"{META}.MicroTime": "time",
    f"{META}.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
}

FORMATS: Final = {"byte": "bytes", "date-time": "time", "int32": "int32", "int64": "int64"}

Json = dict[str, Any]


def main(folder: Path) -> None:
    """Read the documents, write the file."""
    schemas: Json = {}
    for path in sorted(folder.glob("*.json")):
        schemas |= json.loads(path.read_bytes()).get("components", {}).get("schemas", {})
    _write_served(folder)
    kept: Json = {}
    waiting = [*(kind.schema for kind in KINDS), *ROOTS]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        given = schemas[name]
        fields = {field: _field(one, waiting) for field, one in given.get("properties", {}).items()}
        row: Json = {"fields": dict(sorted(fields.items()))}
        if required := given.get("required"):
            row["required"] = sorted(required)
        if given.get("x-kubernetes-map-type") == "atomic":
            row["atomic"] = True
        kept[name] = row
    text = "{\n" + ",\n".join(
        f"{json.dumps(name)}:{json.dumps(kept[name], separators=(',', ':'))}" for name in sorted(kept)
    )
    PATH.write_text(text + "\n}\n")
    print(f"{PATH}: {len(kept)} types, {PATH.stat().st_size} bytes")


def _write_served(folder: Path) -> None:
    """Group and version -> the resources and subresources that a server of this version has."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.json")):
        for address in json.loads(path.read_bytes()).get("paths", {}):
            parts = [part for part in address.split("/") if part]
            start = 2 if parts[:1] == ["api"] else 3
            if len(parts) <= start or parts[0] not in ("api", "apis") or "watch" in parts:
                continue
            rest = parts[start:]
            if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
                rest = rest[2:]
            names = [part for part in rest if not part.startswith("{")]
            found.setdefault("/".join(parts[1:start]), set()).add("/".join(names))
    lines = [f"{json.dumps(name)}:{json.dumps(sorted(found[name]))}" for name in sorted(found)]
    SERVED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _field(given: Json, waiting: list[str]) -> Json:
    """type: a scalar's name, ``list``, ``map``, or ``#`` and a type's name."""
    made: Json = {}
    if "default" in given:
        made["default"] = given["default"]
    refs = cast(list[Json], given.get("allOf") or ([given] if "$ref" in given else []))
    if refs:
        name = str(refs[0]["$ref"]).removeprefix(REF)
        if name not in SCALARS:
            waiting.append(name)
        return {"type": SCALARS.get(name, f"#{name}"), **made}
    kind = str(given.get("type", ""))
    if kind == "array":
        made |= {"type": "list", "of": _bare(_field(given["items"], waiting))}
        if given.get("x-kubernetes-list-type", "atomic") != "atomic":
            made["list"] = given["x-kubernetes-list-type"]
        if keys := given.get("x-kubernetes-list-map-keys"):
            made["keys"] = keys
        if strategy := given.get("x-kubernetes-patch-strategy"):
            made["strategy"] = strategy
        if key := given.get("x-kubernetes-patch-merge-key"):
            made["merge"] = key
        return made
    if "additionalProperties" in given:
        made |= {"type": "map", "of": _bare(_field(given["additionalProperties"], waiting))}
        if given.get("x-kubernetes-map-type") == "atomic":
            made["atomic"] = True
        return made
    kind = FORMATS.get(str(given.get("format", "")), kind)
    return {"type": kind or "any", **made}


def _bare(field: Json) -> Json:
    """Elements are there or not: nothing stands in for one."""
    return {name: value for name, value in field.items() if name != "default"}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
