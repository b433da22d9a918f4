"""The repository's manifests with another container."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ml.estate import project_root
from ml.production.manifests import FOLDER


def changed(root: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A root with the manifests, whose Deployment's container went through `change`."""
    target = root / FOLDER
    shutil.copytree(project_root() / FOLDER, target)
    file = target / "deployment.yaml"
    manifest = yaml.safe_load(file.read_text())
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    change(container)
    file.write_text(yaml.safe_dump(manifest))
    return root


def running(program: str, **more: Any) -> Callable[[dict[str, Any]], None]:
    """The container runs a Python program in place of the service; `more` replaces fields of it."""

    def change(container: dict[str, Any]) -> None:
        container["command"] = ["python", "-c", program]
        container.update(more)

    return change


def quick(container: dict[str, Any]) -> None:
    """Its probes look every second, and give up as soon as they do in production."""
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        container[name]["periodSeconds"] = 1
