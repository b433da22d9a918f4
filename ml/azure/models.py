"""The registered models of a workspace: looked up, fetched and tagged by Azure Resource Manager and storage.

Without azure-ai-ml: whoever sends no job is spared the two seconds that its import takes. Reading takes the
actions models/versions/read and datastores/read of the workspace and reading its blobs, tagging
models/versions/write: AzureML Data Scientist with Storage Blob Data Reader has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ml.azure import datastores, workspace
from ml.azure.management import Management
from ml.azure.rest import MANAGEMENT, Rest
from ml.errors import MlopsError
from ml.reference import model_reference

if TYPE_CHECKING:
    from ml.azure.clients import Azure

# What whoever writes a version says of it; the rest is Azure's own. A PUT replaces all of it.
WRITTEN: Final = (
    "description",
    "flavors",
    "isAnonymous",
    "isArchived",
    "jobName",
    "modelType",
    "modelUri",
    "properties",
    "stage",
    "tags",
)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a registered model. uri: of its files, as azureml://…/datastores/NAME/paths/PATH."""

    name: str
    version: str
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    uri: str = ""

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.version}"


def newest(azure: Azure, name: str, most: int | None = None) -> list[ModelVersion]:
    """The versions that are not archived, the newest first, so many at most; all of them without a number.

    Raises HttpResponseError; its status is 404 where there is no model of the name.
    """
    # Azure documents no order where none is asked for. This one is what azure-ai-ml takes for "latest".
    query = {"api-version": workspace.API, "listViewType": "ActiveOnly", "$orderBy": "createdtime desc"}
    found = islice(Rest(azure, MANAGEMENT).items(_versions(azure, name), **query), most)
    return [_version(name, item) for item in found]


def get(azure: Azure, name: str, version: str) -> ModelVersion:
    """One version, an archived one, too. Raises ResourceNotFoundError when there is none."""
    management, path = Management(azure, workspace.API), _path(azure, name, version)
    found, _ = azure.granted(lambda: management.read(path), "read models")
    return _version(name, found)


def find(azure: Azure, reference: str) -> ModelVersion:
    """A registered model by `NAME:VERSION`, or the latest of the configured name for `latest`.

    Latest is what was registered last. Raises MlopsError when there is none.
    """
    from azure.core.exceptions import HttpResponseError

    name, version = model_reference(reference, azure.settings.training.model_name)
    try:
        if version:
            return get(azure, name, version)
        found = azure.granted(lambda: newest(azure, name, 1), "read models")
    except HttpResponseError as error:
        if error.status_code != 404:
            raise
        raise _unknown(azure, name, version) from error
    if not found:
        raise _unknown(azure, name, version)
    return found[0]


def _unknown(azure: Azure, name: str, version: str | None) -> MlopsError:
    return MlopsError(
        f"There is no registered model {name}:{version or 'latest'} in {azure.estate.workspace}.",
        f"Name one that `mlops status --env {azure.estate.environment}` shows, or train one.",
    )


def tag(azure: Azure, model: ModelVersion, tags: Mapping[str, str]) -> ModelVersion:
    """Write these tags beside those that the version has by now; nothing is sent when it has them all.

    Azure Machine Learning has no ETag for versions: of two that write in the same moment, one is lost.
    """
    path = _path(azure, model.name, model.version)
    management = Management(azure, workspace.API)

    def write() -> ModelVersion:
        found, _ = management.read(path)
        there = found["properties"]
        wanted = {**(there.get("tags") or {}), **tags}
        if wanted != there.get("tags"):
            kept = {name: there[name] for name in WRITTEN if there.get(name) is not None}
            management.put(path, {"properties": {**kept, "tags": wanted}})
            there["tags"] = wanted
        return _version(model.name, found)

    return azure.granted(write, "write the model's tags")


def download(azure: Azure, model: ModelVersion, folder: Path) -> None:
    """Write the model's files into the folder, each at its path below the model's own.

    Nothing is written where there are none. Raises MlopsError when they are elsewhere than in a datastore of
    this workspace, or when the path of one leads out of the folder.
    """
    place = datastores.place_of(azure, model.uri)
    if place is None:
        raise MlopsError(
            f"The files of {model.reference} are at {model.uri or 'no address'}, which is no path in a "
            f"datastore of {azure.estate.workspace}.",
            "Register the model from its files (`mlops train`), or name another version.",
        )
    datastores.download(azure, *place, folder, "download the model")


def _versions(azure: Azure, name: str) -> str:
    return f"{workspace.path_of(azure.estate)}/models/{quote(name, safe='')}/versions"


def _path(azure: Azure, name: str, version: str) -> str:
    return f"{_versions(azure, name)}/{quote(version, safe='')}"


def _version(name: str, item: dict[str, Any]) -> ModelVersion:
    found = item.get("properties") or {}
    tags, properties = dict(found.get("tags") or {}), dict(found.get("properties") or {})
    return ModelVersion(name, str(item["name"]), tags, properties, str(found.get("modelUri") or ""))
