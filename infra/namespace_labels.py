"""The labels of production's namespace, as its manifest has them."""

from pathlib import Path
from typing import Any, Final

import yaml

MANIFEST: Final = Path(__file__).parents[1] / "environments" / "kubernetes" / "namespace.yaml"


def namespace_labels() -> dict[str, str]:
    """By them Kubernetes holds its pods to the restricted standard."""
    manifest: Any = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return dict(manifest["metadata"]["labels"])
