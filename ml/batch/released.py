"""The composite of a release: its registered model, downloaded, and held against the release's record."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ml.azure.clients import without_its_own_output
from ml.batch.evaluate import Composite, load
from ml.errors import MlopsError
from ml.release import lineage, records
from scoring.model import artifact as artifacts
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


@contextmanager
def downloaded(azure: Azure, release: str | None) -> Generator[tuple[Record, Path]]:
    """The release's record, and the folder of its model artifact, which is there while the block runs.

    Raises MlopsError where the model is gone, damaged, or not the one that the record names.
    """
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
            digest = artifacts.load(manifests[0].parent).digest
        except ArtifactError as error:
            raise _unusable(record, error) from error
        if digest != record.evidence.artifact_digest:
            raise MlopsError(
                f"The model {name}:{version} is {digest}, and the release {record.release.id} was made of "
                f"{record.evidence.artifact_digest}.",
                "Somebody has changed the model: deploy a new release of it, or restore it.",
            )
        yield record, manifests[0].parent


def composite(azure: Azure, release: str | None, block_rows: int) -> Composite:
    """Raises MlopsError where the model is gone, damaged, or not the one that the record names."""
    with downloaded(azure, release) as (record, folder):
        name = f"{record.release.model_name}:{record.release.model_version}"
        try:
            return load(folder, name, record.release.id, block_rows)
        except ArtifactError as error:
            raise _unusable(record, error) from error


def _unusable(record: Record, error: ArtifactError) -> MlopsError:
    return MlopsError(
        f"The model {record.release.model_name}:{record.release.model_version} cannot be used: {error}",
        "Train again, or name another --release.",
    )
