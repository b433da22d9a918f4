"""A release: a model version, an image digest and a configuration, named by its content and never changed."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from ml.azure.clients import Azure
from ml.content import content_key
from ml.errors import MlopsError
from ml.release import store

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
    """What was known when the release was recorded. The release's name does not depend on it.

    members: of a fleet, by member the digest of the model that answers; `artifact_digest` is the fleet's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    recorded_at: str
    environment: str
    context_sha256: str
    artifact_digest: str
    features: tuple[str, ...]
    lineage: dict[str, str]
    smoke_tests: tuple[str, ...]
    members: dict[str, str] = {}

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A release of one model is recorded as it ever was."""
        found: dict[str, Any] = handler(self)
        if not self.members:
            found.pop("members", None)
        return found


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
    text = json.dumps(made.model_dump(mode="json"), indent=2, sort_keys=True)
    held = store.releases(azure, azure.estate.environment)
    return held.write(blob_path(made.release.id), text.encode(), "write release records")


def read(azure: Azure, release_id: str) -> Record:
    """The recorded release. Raises MlopsError when there is none, or when its content has another name."""
    held = store.releases(azure, azure.estate.environment)
    found = held.read(blob_path(release_id), "read release records")
    if found is None:
        raise MlopsError(
            f"There is no record of the release {release_id}.",
            f"Run `mlops deploy --env {azure.estate.environment}` to make it.",
        )
    return parsed(found.content, release_id)


def parsed(content: bytes, release_id: str) -> Record:
    """A record from its bytes. Raises MlopsError when they are none, or the content has another name."""
    try:
        found = Record.model_validate_json(content)
    except ValueError as error:
        raise MlopsError(
            f"The record of the release {release_id} cannot be read: {str(error).splitlines()[0]}.",
            "Restore the blob's earlier version; releases are never edited.",
        ) from error
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
