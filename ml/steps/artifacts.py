"""Reading a model artifact in a step."""

from __future__ import annotations

from pathlib import Path

from ml.steps.errors import StepError
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact, ArtifactError


def read_artifact(directory: Path) -> Artifact:
    """Raises StepError when the directory is no usable artifact."""
    try:
        return artifacts.load(directory)
    except ArtifactError as error:
        raise StepError(str(error)) from error
