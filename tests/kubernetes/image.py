"""``python -m tests.kubernetes.image``: the scoring image, built where the network can be reached."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.containers.context import ROOT, TAG, context_of
from tests.scoring.trained import small
from tools.bootstrap.cache import say
from tools.containers import base
from tools.containers.build import build
from tools.containers.engine import find
from tools.kubernetes.images import push

NOTHING = "0" * 64  # the digest of no image


def reference() -> str:
    """The scoring image by digest, where the cluster can pull it. Raises LookupError where nobody says."""
    if given := os.environ.get("KUBERNETES_TEST_IMAGE"):
        return given
    registry = os.environ.get("KUBERNETES_REGISTRY")  # of the node that `make test-kubernetes` starts
    if registry is None:
        raise LookupError(
            "KUBECONFIG is a cluster of yours: set KUBERNETES_TEST_IMAGE to REGISTRY/NAME@sha256:..."
        )
    return f"{registry}/scoring@{push(find(), TAG, f'{registry}/scoring:test')}"


def placeholders() -> dict[str, str]:
    """What the recorded table leaves open: an image with Python, and one that is not there."""
    found = reference()
    return {"image": found, "missing": f"{found.partition('@')[0]}@sha256:{NOTHING}"}


if __name__ == "__main__":
    engine = find()
    base.ensure(engine, base.name_in(ROOT / "environments" / "scoring" / "Dockerfile"))
    with tempfile.TemporaryDirectory(prefix="scoring-") as scratch:
        _, context = context_of(small().trained.artifact, Path(scratch))
        say(f"building the scoring image {TAG}")
        build(engine, context, TAG)
