"""The composite of a release: its registered model, as the release's record names it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ml.batch import model
from ml.batch.asked import Named
from ml.batch.evaluate import Composite
from ml.errors import MlopsError
from ml.release import records, store

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.release.records import Record


def record_of(azure: Azure, release: str | None) -> Record:
    """The record of a release; of the newest one of a single model when none is named. Raises MlopsError."""
    if release is not None:
        return records.read(azure, release)
    environment = azure.estate.environment
    for name in store.releases(azure, environment).names(f"{records.PREFIX}/"):
        found = records.read(azure, name.rpartition("/")[2].removesuffix(".json"))
        if not found.evidence.members:  # fleets are released beside it
            return found
    raise MlopsError(
        f"No release of a single model is recorded in {environment}.",
        f"Run `mlops deploy --env {environment}` to make the first one.",
    )


def named(azure: Azure, release: str | None) -> Named:
    """The model of a release; of the newest one of a single model when none is named. Raises MlopsError."""
    return _of(record_of(azure, release))


def _of(record: Record) -> Named:
    made = record.release
    if record.evidence.members:
        raise MlopsError(
            f"The release {made.id} is one of a fleet, {made.model_name}:{made.model_version}, and one model "
            "is asked for.",
            "Name the --release of a single model.",
        )
    return Named(made.model_name, made.model_version, made.id, record.evidence.artifact_digest)


@contextmanager
def downloaded(azure: Azure, release: str | None) -> Generator[tuple[Record, Path]]:
    """The release's record, and the folder of its model artifact, which is there while the block runs.

    Raises MlopsError where the model is gone, damaged, or not the one that the record names.
    """
    record = record_of(azure, release)
    with model.downloaded(azure, _of(record)) as folder:
        yield record, folder


def composite(azure: Azure, release: str | None, block_rows: int) -> Composite:
    """Raises MlopsError where the model is gone, damaged, or not the one that the record names."""
    return model.composite(azure, named(azure, release), block_rows)
