"""Building an image from a context, as it is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.containers import packageindex
from tools.containers.engine import Engine

BUILD_S = 1800.0
UNUSED = "720h"  # images without a name that are older go


def build(engine: Engine, context: Path, tag: str, more: Mapping[str, str] | None = None) -> str:
    """Build ``context`` under a tag; the image's id. ``more``: settings of pip beside the machine's.

    EngineError with the end of the build's words when it fails.
    """
    with tempfile.TemporaryDirectory(prefix="pip-") as scratch:
        options = packageindex.settings(os.environ, Path.home()) | dict(more or {})
        mounts = packageindex.write(Path(scratch), options)
        engine(
            "build",
            "--pull=never",
            "--layers",
            "--network=host",
            *mounts,
            "--tag",
            tag,
            str(context),
            timeout=BUILD_S,
        )
    engine("image", "prune", "--force", "--filter", f"until={UNUSED}")
    return engine("image", "inspect", tag, "--format", "{{.Id}}")
