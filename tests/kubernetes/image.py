"""``python -m tests.kubernetes.image``: the scoring image, built where the network can be reached."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.containers.context import ROOT, TAG, context_of
from tests.scoring.trained import small
from tools.bootstrap.cache import say
from tools.containers import base
from tools.containers.build import build
from tools.containers.engine import find

if __name__ == "__main__":
    engine = find()
    base.ensure(engine, base.name_in(ROOT / "environments" / "scoring" / "Dockerfile"))
    with tempfile.TemporaryDirectory(prefix="scoring-") as scratch:
        _, context = context_of(small().trained.artifact, Path(scratch))
        say(f"building the scoring image {TAG}")
        build(engine, context, TAG)
