"""A release: a model version, an image digest and a configuration, named by its content and never changed."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from ml.azure.clients import Azure
from ml.content import content_key
from ml.errors import MlopsError

PREFIX = "releases"


class Configuration(BaseModel):
    """What the container is given beside its image, the same in every environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    cpu: float
    memory_gb: float
    port: int
    metric_seconds: int = 60
    variables: dict[str, str] = {}


class Release(BaseModel):
    """`image_digest` is `sha256:...`: registries differ from environment to environment, digests do not."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
    model_name: str
    model_version: str
    image_repository: str
    image_digest: str
    configuration: Configuration

    @property
    def id(self) -> str:
        content = self.model_dump(mode="json")
        if not self.configuration.variables:  # earlier releases keep their names
            del content["configuration"]["variables"]
        return f"r-{content_key(content)[:16]}"


class Evidence(BaseModel):
    """What was known when the release was recorded. The release's name does not depend on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    recorded_at: str
    environment: str
    context_sha256: str
    artifact_digest: str
    features: tuple[str, ...]
    lineage: dict[str, str]
    smoke_tests: tuple[str, ...]


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    release: Release
    evidence: Evidence


def blob_path(release_id: str) -> str:
    return f"{PREFIX}/{release_id}.json"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def record(azure: Azure, made: Record) -> bool:
    """Write the record where there is none; an earlier one stays as it is. Returns whether it was written."""
    from azure.core.exceptions import ResourceExistsError

    text = json.dumps(made.model_dump(mode="json"), indent=2, sort_keys=True)
    blob = azure.blob(blob_path(made.release.id))
    try:
        azure.granted(lambda: blob.upload_blob(text.encode(), overwrite=False), "write release records")
    except ResourceExistsError:
        return False
    return True


def read(azure: Azure, release_id: str) -> Record:
    """The recorded release. Raises MlopsError when there is none, or when its content has another name."""
    from azure.core.exceptions import ResourceNotFoundError

    blob = azure.blob(blob_path(release_id))
    try:
        text = azure.granted(lambda: blob.download_blob().readall(), "read release records")
    except ResourceNotFoundError as error:
        raise MlopsError(
            f"There is no record of the release {release_id}.",
            f"Run `mlops deploy --env {azure.estate.environment}` to make it.",
        ) from error
    found = Record.model_validate_json(text)
    if found.release.id != release_id:
        raise MlopsError(
            f"The record of the release {release_id} was changed: its content is that of {found.release.id}.",
            "Restore the blob's earlier version; releases are never edited.",
        )
    return found


def summary(made: Record) -> dict[str, Any]:
    release = made.release
    return {
        "release": release.id,
        "model": f"{release.model_name}:{release.model_version}",
        "digest": release.image_digest,
        "configuration": release.configuration.model_dump(mode="json"),
    }
