"""A workspace of Azure ML as its registered models are asked for: Resource Manager, datastores, blobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, BinaryIO, Self

import pytest
from azure.core.exceptions import ResourceNotFoundError

from ml.azure import datastores, models

PATH = "/subscriptions/s/resourceGroups/rg-stage/providers/Microsoft.MachineLearningServices/workspaces/ws"
OWN = "azureml://subscriptions/s/resourceGroups/rg-stage/workspaces/ws/datastores/store/paths/"
STORE = {"datastoreType": "AzureBlob", "accountName": "ststage", "containerName": "azureml"}


class Workspace:
    """resources: by path. blobs: of the container of the datastore `store`, by name; directories are None.

    asked: the addresses and queries of lists. put: the bodies that were sent.
    """

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {f"{PATH}/datastores/store": {"properties": STORE}}
        self.blobs: dict[str, bytes | None] = {}
        self.containers: list[tuple[str, str]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.put: list[dict[str, Any]] = []
        self.read_of_list = 0

    def patched(self, monkeypatch: pytest.MonkeyPatch) -> Self:
        """Stands where the clients are made."""

        def management(azure: Any, version: str) -> _Management:
            return _Management(self)

        def rest(azure: Any, base: str) -> _Rest:
            return _Rest(self)

        monkeypatch.setattr(models, "Management", management)
        monkeypatch.setattr(datastores, "Management", management)
        monkeypatch.setattr(models, "Rest", rest)
        return self

    def version(
        self, name: str, version: str, files: dict[str, bytes] | None = None, **properties: Any
    ) -> models.ModelVersion:
        """Register one, with these files; versions that come later are newer."""
        folder = f"uploads/{name}-{version}"
        self.blobs |= {f"{folder}/{path}": content for path, content in (files or {}).items()}
        known: dict[str, Any] = {"tags": {}, "properties": {}, "modelUri": f"{OWN}{folder}", **properties}
        item = {"name": version, "properties": known}
        self.resources[f"{PATH}/models/{name}/versions/{version}"] = item
        return models.ModelVersion(
            name, version, dict(known["tags"] or {}), dict(known["properties"]), known["modelUri"]
        )

    def tags(self, name: str, version: str) -> dict[str, str]:
        return self.resources[f"{PATH}/models/{name}/versions/{version}"]["properties"]["tags"]

    def properties(self, name: str, version: str) -> dict[str, str]:
        return self.resources[f"{PATH}/models/{name}/versions/{version}"]["properties"]["properties"]

    def container(self, account: str, name: str) -> _Container:
        self.containers.append((account, name))
        return _Container(self.blobs)


class _Management:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def read(self, path: str) -> tuple[dict[str, Any], str]:
        if path not in self._workspace.resources:
            missing = ResourceNotFoundError("not found")
            missing.status_code = 404
            raise missing
        return json.loads(json.dumps(self._workspace.resources[path])), ""

    def put(self, path: str, body: dict[str, Any]) -> str:
        self._workspace.put.append(body)
        self._workspace.resources[path] |= json.loads(json.dumps(body))
        return ""


class _Rest:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def items(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        self._workspace.asked.append((path, query))
        for place, item in reversed(self._workspace.resources.items()):
            if place.startswith(f"{path}/"):
                self._workspace.read_of_list += 1
                yield item


class _Container:
    def __init__(self, blobs: dict[str, bytes | None]) -> None:
        self._blobs = blobs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def list_blobs(self, name_starts_with: str, include: list[str]) -> Iterator[Any]:
        for name, content in self._blobs.items():
            if name.startswith(name_starts_with):
                yield SimpleNamespace(
                    name=name, metadata={"hdi_isfolder": "true"} if content is None else None
                )

    def download_blob(self, name: str) -> Any:
        content = self._blobs[name]
        assert content is not None
        found: bytes = content

        def readinto(file: BinaryIO) -> int:
            return file.write(found)

        return SimpleNamespace(readinto=readinto)
