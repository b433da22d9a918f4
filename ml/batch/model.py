"""The registered model that a release names, downloaded and held against the release's digest."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ml.azure import models
from ml.batch.evaluate import Composite, load
from ml.errors import MlopsError
from scoring.model import artifact as artifacts
from scoring.model.artifact import ArtifactError

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Named


@contextmanager
def downloaded(azure: Azure, named: Named) -> Generator[Path]:
    """The folder of the model artifact, which is there while the block runs.

    Raises MlopsError where the model is gone, damaged, or not the one that the release was made of.
    """
    from azure.core.exceptions import ResourceNotFoundError

    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        try:
            models.download(azure, models.get(azure, named.model, named.version), Path(scratch))
        except ResourceNotFoundError as error:
            raise MlopsError(
                f"The model {named.name} is not in {azure.estate.workspace}, or its files are gone.",
                "Train again, or name another --release.",
            ) from error
        manifests = sorted(Path(scratch).rglob("manifest.json"))
        if len(manifests) != 1:
            raise MlopsError(
                f"The model {named.name} has {len(manifests)} files named manifest.json, and needs one.",
                "Train again, or name another --release.",
            )
        try:
            digest = artifacts.load(manifests[0].parent).digest
        except ArtifactError as error:
            raise _unusable(named, error) from error
        if digest != named.digest:
            raise MlopsError(
                f"The model {named.name} is {digest}, and the release {named.release} was "
                f"made of {named.digest}.",
                "Somebody has changed the model: deploy a new release of it, or restore it.",
            )
        yield manifests[0].parent


def composite(azure: Azure, named: Named, block_rows: int) -> Composite:
    """The model, ready to score. Raises MlopsError as `downloaded` does."""
    with downloaded(azure, named) as folder:
        try:
            return load(folder, named.name, named.release, block_rows)
        except ArtifactError as error:
            raise _unusable(named, error) from error


def _unusable(named: Named, error: ArtifactError) -> MlopsError:
    return MlopsError(
        f"The model {named.name} cannot be used: {error}", "Train again, or name another --release."
    )
