"""The composite of a release: its registered model, downloaded, and held against the release's record."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ml.azure.clients import without_its_own_output
from ml.batch.evaluate import Composite, load
from ml.errors import MlopsError
from ml.release import lineage, records
from scoring.model.artifact import ArtifactError

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.release.records import Record


def record_of(azure: Azure, release: str | None) -> Record:
    """The record of a release; of the newest one when none is named. Raises MlopsError."""
    if release is None:
        newest = lineage.listed(azure, 1)
        if not newest:
            raise MlopsError(
                f"No release is recorded in {azure.estate.environment}.",
                f"Run `mlops deploy --env {azure.estate.environment}` to make the first one.",
            )
        release = str(newest[0]["release"])
    return records.read(azure, release)


def composite(azure: Azure, release: str | None, block_rows: int) -> Composite:
    """Raises MlopsError where the model is gone, damaged, or not the one that the record names."""
    record = record_of(azure, release)
    name, version = record.release.model_name, record.release.model_version
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:

        def download() -> None:
            with without_its_own_output():
                azure.ml.models.download(name, version, download_path=scratch)

        azure.granted(download, "download the model")
        manifests = sorted(Path(scratch).rglob("manifest.json"))
        if len(manifests) != 1:
            raise MlopsError(
                f"The model {name}:{version} has {len(manifests)} files named manifest.json, and needs one.",
                "Train again, or name another --release.",
            )
        try:
            found = load(manifests[0].parent, f"{name}:{version}", record.release.id, block_rows)
        except ArtifactError as error:
            raise MlopsError(
                f"The model {name}:{version} cannot be used: {error}",
                "Train again, or name another --release.",
            ) from error
    if found.artifact.digest != record.evidence.artifact_digest:
        raise MlopsError(
            f"The model {name}:{version} is {found.artifact.digest}, and the release {record.release.id} was "
            f"made of {record.evidence.artifact_digest}.",
            "Somebody has changed the model: deploy a new release of it, or restore it.",
        )
    return found
