"""What the scoring image of the tests is built from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml.deploy.image import FILES, BuildContext, scoring_context
from scoring.model.artifact import Artifact

ROOT = Path(__file__).parents[2]
TAG = "localhost/mlops-estate/scoring:test"
# A setting of pip that is on this machine only while the image is built.
CANARY = {"trusted-host": "canary-8c1d6f.invalid"}


def context_of(artifact: Artifact, folder: Path, own: Mapping[str, str] = FILES) -> tuple[BuildContext, Path]:
    """The build context of `mlops deploy` (with EDGE, `mlops edge`), written below the folder, and where."""
    artifact.save(folder / "artifact")
    made = scoring_context(ROOT, folder / "artifact", own)
    for name, content in made.files.items():
        path = folder / "context" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return made, folder / "context"
