"""kubeconform over manifests: every field is one that this version of Kubernetes has, and of its type.

Built once from pinned source (tools/kubeconform) and kept in the user's cache, as the schemas are.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tools.bootstrap.cache import cache_dir, say, stop
from tools.kubernetes import schemas

MODULE: Final = Path(__file__).resolve().parents[1] / "kubeconform"
PROGRAM: Final = "github.com/yannh/kubeconform/cmd/kubeconform"


def provide() -> Path:
    """The program, built when need be."""
    lines = (MODULE / "go.mod").read_text().splitlines()
    version = next(line for line in lines if "yannh/kubeconform " in line).split()[-1]
    place = cache_dir() / f"kubeconform-{version}-{platform.system()}-{platform.machine()}".lower()
    if place.exists():
        return place
    go = shutil.which("go")
    if go is None:
        raise stop("there is no Go to build kubeconform with.", "Install Go 1.26 or newer.")
    place.parent.mkdir(parents=True, exist_ok=True)
    say(f"building kubeconform {version} with Go, once for this machine")
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(aside), PROGRAM]
    if subprocess.run(command, cwd=MODULE, env=environment).returncode:
        raise stop(f"building kubeconform {version} failed.", "Go 1.26 and a Go module proxy are needed.")
    aside.replace(place)
    return place


def problems(manifests: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with each; KeyError for a kind that Kubernetes does not have."""
    folder = schemas.written({(one["apiVersion"], one["kind"]) for one in manifests})
    location = f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    command = [str(provide()), "-strict", "-output", "json", "-verbose", "-schema-location", location, "-"]
    given = "\n---\n".join(json.dumps(one) for one in manifests)
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    said: list[dict[str, str]] = json.loads(done.stdout)["resources"] if done.stdout else []
    if len(said) != len(manifests):
        raise RuntimeError(f"kubeconform judged {len(said)} of {len(manifests)}: {done.stderr[-2000:]}")
    return [f"{one['kind']} {one['name']}: {one['msg']}" for one in said if one["status"] != "statusValid"]
