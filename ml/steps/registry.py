"""The registered models of the workspace that the job runs in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote

from ml.steps.artifacts import read_artifact
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import Costs
from scoring.model.artifact import MANIFEST, Artifact

if TYPE_CHECKING:
    from azure.ai.ml.entities import Model

ARTIFACT_TAG = "artifact_digest"  # a model with the same behaviour is found again by this
EVALUATION_PROPERTY = "evaluation"  # the content of metrics.json
THRESHOLDS_PROPERTY = "thresholds"  # and the costs of errors that they were learned for
WORKSPACE_VARIABLES = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")
IDENTITY_VARIABLE = "DEFAULT_IDENTITY_CLIENT_ID"
MANAGEMENT = "https://management.azure.com"
MODELS_API = "2024-10-01"


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
        self._credential: Any = (
            ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()
        )
        self._workspace = tuple(environment[name] for name in WORKSPACE_VARIABLES)

    @cached_property
    def _client(self) -> Any:
        """For the model's files. Importing it takes two seconds, which a step that only looks can spare."""
        from azure.ai.ml import MLClient

        return MLClient(self._credential, *self._workspace)

    def versions(self, name: str) -> list[RegisteredModel]:
        found = [
            RegisteredModel(
                name,
                str(item["name"]),
                dict(item["properties"].get("tags") or {}),
                dict(item["properties"].get("properties") or {}),
            )
            for item in self._listed(name)
        ]
        return sorted(found, key=lambda model: order(model.version), reverse=True)

    def _listed(self, name: str) -> list[dict[str, Any]]:
        """The versions that are not archived, as Azure Resource Manager has them; none of no such model."""
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
        from azure.core.rest import HttpRequest

        policies = [RetryPolicy(), BearerTokenCredentialPolicy(self._credential, f"{MANAGEMENT}/.default")]
        subscription, group, workspace, model = (quote(part, safe="") for part in (*self._workspace, name))
        place = (
            f"{MANAGEMENT}/subscriptions/{subscription}/resourceGroups/{group}/providers"
            f"/Microsoft.MachineLearningServices/workspaces/{workspace}/models/{model}/versions"
        )
        query = {"api-version": MODELS_API, "listViewType": "ActiveOnly"}
        found: list[dict[str, Any]] = []
        with PipelineClient[HttpRequest, Any](MANAGEMENT, policies=policies) as client:
            request: HttpRequest | None = HttpRequest("GET", place, params=query)
            while request is not None:
                answer = client.send_request(request)
                if answer.status_code == 404:
                    return []
                answer.raise_for_status()
                page: dict[str, Any] = answer.json()
                found += page.get("value") or []
                request = HttpRequest("GET", page["nextLink"]) if page.get("nextLink") else None
        return found

    def download(self, model: RegisteredModel, directory: Path) -> Artifact:
        """Raises StepError when there is no such model, or when it holds no usable artifact."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            self._client.models.download(model.name, model.version, download_path=str(directory))
        except ResourceNotFoundError as error:
            raise StepError(f"there is no registered model {model.name}:{model.version}") from error
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
        """A new version, its number given by the workspace; the directory is uploaded."""
        model = entity(name, directory, description, tags, properties)
        return of(self._client.models.create_or_update(model))


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
