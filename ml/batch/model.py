"""The registered model that a release names, downloaded and held against the release's digest."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ml.azure.clients import without_its_own_output
from ml.batch.evaluate import Composite, load
from ml.errors import MlopsError
from scoring.model.artifact import ArtifactError

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Named


def composite(azure: Azure, named: Named, block_rows: int) -> Composite:
    """Raises MlopsError where the model is gone, damaged, or not the one that the release was made of."""
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:

        def download() -> None:
            with without_its_own_output():
                azure.ml.models.download(named.model, named.version, download_path=scratch)

        azure.granted(download, "download the model")
        manifests = sorted(Path(scratch).rglob("manifest.json"))
        if len(manifests) != 1:
            raise MlopsError(
                f"The model {named.name} has {len(manifests)} files named manifest.json, and needs one.",
                "Train again, or name another --release.",
            )
        try:
            found = load(manifests[0].parent, named.name, named.release, block_rows)
        except ArtifactError as error:
            raise MlopsError(
                f"The model {named.name} cannot be used: {error}",
                "Train again, or name another --release.",
            ) from error
    if found.artifact.digest != named.digest:
        raise MlopsError(
            f"The model {named.name} is {found.artifact.digest}, and the release {named.release} was "
            f"made of {named.digest}.",
            "Somebody has changed the model: deploy a new release of it, or restore it.",
        )
    return found
