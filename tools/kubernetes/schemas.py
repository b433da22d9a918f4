"""JSON schemas of Kubernetes' objects, out of the OpenAPI document of its own pinned source."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

from tools.bootstrap.cache import stop
from tools.kubernetes.build import MODULE, place, version

PREFIX: Final = "#/definitions/"
# Types that the document calls text, and that are numbers as well (their own UnmarshalJSON).
EITHER: Final[dict[str, list[str]]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ["string", "integer"],
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ["string", "number"],
}

Schema = dict[str, Any]


@cache
def definitions() -> dict[str, Schema]:
    """Of all types, by name; an object takes no field that it does not have."""
    go = shutil.which("go")
    if go is None:
        raise stop("there is no Go to fetch Kubernetes' source with.", "Install Go 1.26 or newer.")
    command = [go, "mod", "download", "-json", f"k8s.io/kubernetes@v{version()}"]
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    done = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise stop(
            f"Kubernetes {version()} was not fetched: {done.stderr[-300:]}", "Is a Go module proxy there?"
        )
    document = Path(json.loads(done.stdout)["Dir"]) / "api" / "openapi-spec" / "swagger.json"
    types: dict[str, Schema] = json.loads(document.read_bytes())["definitions"]
    return {name: _closed(type_) for name, type_ in types.items()} | {
        name: {"type": kinds} for name, kinds in EITHER.items()
    }


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    made: Schema = {name: _closed(value) for name, value in node.items() if name != "description"}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


def schema(api_version: str, kind: str) -> Schema:
    """Of one kind, with the types that it is made of. KeyError for one that Kubernetes does not have."""
    group, _, number = api_version.rpartition("/")
    wanted = {"group": group, "kind": kind, "version": number}
    known = definitions()
    named = [name for name, one in known.items() if wanted in one.get("x-kubernetes-group-version-kind", [])]
    if not named:
        raise KeyError(f"{api_version} {kind}")
    return {**known[named[0]], "definitions": {name: known[name] for name in _parts(named[0], set())}}


def _parts(name: str, seen: set[str]) -> set[str]:
    """A type and all that it refers to."""
    if name not in seen:
        seen.add(name)
        for one in re.findall(rf'"{PREFIX}([^"]+)"', json.dumps(definitions()[name])):
            _parts(one, seen)
    return seen


def written(kinds: set[tuple[str, str]]) -> Path:
    """The folder with the schema of each (apiVersion, kind), kept under the names that kubeconform gives."""
    folder = place() / "schemas"
    folder.mkdir(parents=True, exist_ok=True)
    for api_version, kind in kinds:
        group, _, number = api_version.rpartition("/")
        words = (kind, group.partition(".")[0], number)
        file = folder / f"{'-'.join(word for word in words if word)}.json".lower()
        if not file.exists():
            aside = file.with_suffix(f".{os.getpid()}")
            aside.write_text(json.dumps(schema(api_version, kind)))
            aside.replace(file)
    return folder
