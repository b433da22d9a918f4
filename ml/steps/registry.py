"""The registered models of the workspace that the job runs in."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote

from ml.steps.artifacts import read_artifact
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import Costs
from ml.steps.workspace import Workspace
from scoring.model.artifact import MANIFEST, Artifact

if TYPE_CHECKING:
    from azure.ai.ml.entities import Model

ARTIFACT_TAG = "artifact_digest"  # a model with the same behaviour is found again by this
EVALUATION_PROPERTY = "evaluation"  # the content of metrics.json
THRESHOLDS_PROPERTY = "thresholds"  # and the costs of errors that they were learned for
WORKSPACE_VARIABLES = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")
IDENTITY_VARIABLE = "DEFAULT_IDENTITY_CLIENT_ID"
AT_ONCE = 10  # trainings that register a version of one model in the same moment


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    name: str
    version: str
    tags: Mapping[str, str]
    properties: Mapping[str, str]

    @property
    def evaluation(self) -> Mapping[str, Any] | None:
        """What was recorded of the model's evaluation, or None when nothing readable was."""
        return self._recorded(EVALUATION_PROPERTY)

    @property
    def costs(self) -> Costs | None:
        """The costs of errors that the model was made and evaluated for, or None when they are not known."""
        found = self._recorded(THRESHOLDS_PROPERTY) or {}
        missed, alarm = found.get("false_negative_cost"), found.get("false_positive_cost")
        if not isinstance(missed, int | float) or not isinstance(alarm, int | float):
            return None
        return Costs(float(missed), float(alarm))

    def _recorded(self, name: str) -> dict[str, Any] | None:
        try:
            value = json.loads(self.properties.get(name, "null"))
        except ValueError:
            return None
        return cast("dict[str, Any]", value) if isinstance(value, dict) else None


class Registry(Protocol):
    """What the steps need of a model registry."""

    def versions(self, name: str) -> list[RegisteredModel]:
        """All versions, the latest first; empty when there is no such model."""
        ...

    def download(self, model: RegisteredModel, directory: Path) -> Artifact: ...

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel: ...


class AzureRegistry:
    """The workspace's models, through the job's own identity.

    It needs AzureML Data Scientist on the workspace and Storage Blob Data Contributor on its storage account.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Raises StepError when this is not an Azure ML job."""
        missing = [name for name in WORKSPACE_VARIABLES if not environment.get(name)]
        if missing:
            raise StepError(f"{', '.join(missing)} not set: this step must run as an Azure ML job")
        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

        client_id = environment.get(IDENTITY_VARIABLE)
        credential = ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()
        self._workspace = Workspace(credential, tuple(environment[name] for name in WORKSPACE_VARIABLES))

    def versions(self, name: str) -> list[RegisteredModel]:
        listed = self._workspace.listed(f"{_model(name)}/versions", listViewType="ActiveOnly")
        found = [_version(name, item) for item in listed]
        return sorted(found, key=lambda model: order(model.version), reverse=True)

    def download(self, model: RegisteredModel, directory: Path) -> Artifact:
        """Raises StepError when there is no such model, or when it holds no usable artifact."""
        found = self._workspace.read(f"{_model(model.name)}/versions/{quote(model.version, safe='')}")
        if found is None:
            raise StepError(f"there is no registered model {model.name}:{model.version}")
        self._workspace.download(str(found["properties"].get("modelUri") or ""), directory / model.name)
        manifests = sorted(directory.rglob(MANIFEST))
        if len(manifests) != 1:
            raise StepError(
                f"model {model.name}:{model.version} holds {len(manifests)} {MANIFEST}, expected one"
            )
        return read_artifact(manifests[0].parent)

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel:
        """A new version, its number given by the workspace; the directory is uploaded.

        Two that register in the same moment are told the same number, and Azure refuses the second one: the
        files of a version never change. It takes the next number. Raises StepError when none is free.
        """
        place = f"LocalUpload/{uuid.uuid4().hex}/{directory.name}"
        uri = self._workspace.upload(directory, self._workspace.default_datastore(), place)
        said = {
            "modelUri": uri,
            "modelType": "custom_model",
            "description": description,
            "tags": dict(tags),
            "properties": dict(properties),
        }
        return _version(name, self._write_next(name, said))

    def _write_next(self, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
        from azure.core.exceptions import HttpResponseError

        refused: dict[str, HttpResponseError] = {}
        for _ in range(AT_ONCE):
            container = self._workspace.read(_model(name))
            version = str(container["properties"]["nextVersion"]) if container else "1"
            if version in refused:  # nobody else has taken it: trying again would end alike
                break
            try:
                return self._workspace.write(f"{_model(name)}/versions/{version}", said)
            except HttpResponseError as error:
                if error.status_code != 409:
                    raise
                refused[version] = error
        raise StepError(
            f"the workspace refuses each number that it gives for a new version of {name}: "
            + "; ".join(f"{version}: {error.message}" for version, error in refused.items())
        )


def _model(name: str) -> str:
    return f"models/{quote(name, safe='')}"


def _version(name: str, item: Mapping[str, Any]) -> RegisteredModel:
    """A version as Azure Resource Manager has it."""
    said = item["properties"]
    return RegisteredModel(
        name, str(item["name"]), dict(said.get("tags") or {}), dict(said.get("properties") or {})
    )


def entity(
    name: str,
    directory: Path,
    description: str,
    tags: Mapping[str, str],
    properties: Mapping[str, str],
) -> Model:
    """A model of a folder's files, to be registered."""
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Model

    return Model(
        name=name,
        path=str(directory),
        type=AssetTypes.CUSTOM_MODEL,
        description=description,
        tags=dict(tags),
        properties=dict(properties),
    )


def of(item: Any) -> RegisteredModel:
    """A version as azure-ai-ml gives it."""
    return RegisteredModel(item.name, str(item.version), dict(item.tags or {}), dict(item.properties or {}))


def order(version: str) -> tuple[int, str]:
    """Numbered versions by number; others before them, by name."""
    return (int(version), "") if version.isdecimal() else (-1, version)
