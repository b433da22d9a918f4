"""Versions of a fleet in the workspace, as a person's command sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.azure import models
from ml.azure.models import ModelVersion
from ml.errors import MlopsError
from ml.fleet.compose import Version
from ml.fleet.registered import KIND
from ml.steps.registry import RegisteredModel, entity, of, order
from scoring.fleet import stored
from scoring.model.artifact import ArtifactError

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def listed(azure: Azure, name: str) -> list[ModelVersion]:
    """The registered versions, the newest first; empty where there is no such fleet. Raises MlopsError."""
    from azure.core.exceptions import HttpResponseError

    try:
        found = azure.granted(lambda: models.newest(azure, name), "list models")
    except HttpResponseError as error:
        if error.status_code != 404:
            raise
        return []
    others = [one for one in found if one.tags.get("kind") != KIND]
    if others:
        raise MlopsError(
            f"The registered model {name} is no fleet.", "Name a fleet: `name` of its declaration in fleets/."
        )
    return sorted(found, key=lambda one: order(one.version), reverse=True)


def download(azure: Azure, name: str, version: str, scratch: Path) -> Version:
    """Fetch a version into a folder. Raises MlopsError where it is no whole fleet."""
    from azure.core.exceptions import ResourceNotFoundError

    reference, place = f"{name}:{version}", scratch / f"{name}-{version}"
    try:
        models.download(azure, models.get(azure, name, version), place)
    except ResourceNotFoundError as error:
        raise MlopsError(
            f"There is no {reference} in {azure.estate.workspace}.",
            f"Name a version of `mlops fleet status {name}`.",
        ) from error
    files = sorted(place.rglob(stored.FILE))
    if len(files) != 1:
        raise MlopsError(f"{reference} holds {len(files)} {stored.FILE}, and needs one.", "Train it anew.")
    try:
        return Version(reference, stored.load(files[0].parent), files[0].parent)
    except ArtifactError as error:
        raise MlopsError(f"{reference} is no whole fleet: {error}.", "Train it anew.") from error


class Workspace:
    """The part of the steps' registry that composing needs, by the rights of whoever runs the command."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def versions(self, name: str) -> list[RegisteredModel]:
        return [of(one) for one in listed(self._azure, name)]

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel:
        from ml.azure.clients import without_its_own_output

        model = entity(name, directory, description, tags, properties)

        def send() -> Any:
            with without_its_own_output():
                return self._azure.ml.models.create_or_update(model)

        return of(self._azure.granted(send, "create models"))
