"""The workspace that a job runs in: its assets by Azure Resource Manager, their files in its datastores.

Not by azure-ai-ml: importing it and asking it once takes a step three seconds of computing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ml.steps.errors import StepError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

MANAGEMENT: Final = "https://management.azure.com"
API: Final = "2024-10-01"
AT_ONCE: Final = 8  # files that are sent: a fleet of a thousand members has some five thousand
PLACE: Final = re.compile(r".*datastores/(?P<store>[^/]+)/paths/(?P<path>.+)", re.IGNORECASE | re.DOTALL)


class Workspace:
    """scope: subscription id, resource group, name of the workspace."""

    def __init__(self, credential: Any, scope: tuple[str, ...]) -> None:
        self._credential = credential
        subscription, group, name = (quote(part, safe="") for part in scope)
        self._address = f"azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{name}"
        self._id = (
            f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )

    @cached_property
    def _client(self) -> Any:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        sign_in = BearerTokenCredentialPolicy(self._credential, f"{MANAGEMENT}/.default")
        return PipelineClient(MANAGEMENT, policies=[RetryPolicy(), sign_in])

    def read(self, path: str, **query: str) -> dict[str, Any] | None:
        """What is at a path below the workspace, or None. Raises HttpResponseError."""
        return self._send("GET", f"{self._id}/{path}", query)

    def listed(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Every item of a list, page by page; none where there is no such list. Raises HttpResponseError."""
        found: list[dict[str, Any]] = []
        page = self.read(path, **query)
        while page is not None:
            found += page.get("value") or []
            page = self._send("GET", page["nextLink"], {}) if page.get("nextLink") else None
        return found

    def write(self, path: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """PUT. Raises HttpResponseError."""
        return self._send("PUT", f"{self._id}/{path}", {}, {"properties": properties}) or {}

    def _send(
        self, method: str, url: str, query: dict[str, str], body: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        from azure.core.rest import HttpRequest

        whole = url.startswith("https://")  # of a next page: it says all of the query
        address = url if whole else f"{MANAGEMENT}{url}"
        params = {} if whole else {"api-version": API, **query}
        answer = self._client.send_request(HttpRequest(method, address, params=params, json=body))
        if answer.status_code == 404 and method == "GET":
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def default_datastore(self) -> str:
        """The name of the datastore that assets are kept in. Raises StepError when there is none."""
        found = self.listed("datastores", isDefault="true")
        if not found:
            raise StepError("the workspace has no default datastore: models have no place to be kept in")
        return str(found[0]["name"])

    def upload(self, folder: Path, store: str, path: str) -> str:
        """Bring what a folder holds to a path in a datastore; returns the address of the path."""
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        names = [f"{path}/{file.relative_to(folder).as_posix()}" for file in files]
        with self._container(store) as container, ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(_send_file, repeat(container), files, names))
        return f"{self._address}/datastores/{store}/paths/{path}"

    def download(self, address: str, folder: Path) -> None:
        """Bring what is below a path of a datastore into a folder of the path's last name.

        Nothing is written where nothing is. Raises StepError for an address that is no such path, and for a
        file that would lie outside the folder.
        """
        match = PLACE.fullmatch(address)
        if match is None:
            raise StepError(f"{address} is no path of a datastore: its files cannot be read")
        path = match["path"].rstrip("/")
        root = folder / PurePosixPath(path).name
        if root.resolve().parent != folder.resolve():
            raise StepError(f"{address} names no folder of files: they would lie outside of {folder}")
        with self._container(match["store"]) as container:
            for name in list(_files_below(container, path)):
                target = root / name.removeprefix(path).lstrip("/")
                if not target.resolve().is_relative_to(root.resolve()):
                    raise StepError(f"the file {name} of {address} would lie outside of its folder")
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as content:
                    container.download_blob(name).readinto(content)

    def _container(self, store: str) -> ContainerClient:
        from azure.storage.blob import ContainerClient

        found = self.read(f"datastores/{quote(store, safe='')}")
        said: dict[str, Any] = (found or {}).get("properties") or {}
        if not (said.get("accountName") and said.get("containerName")):
            raise StepError(f"the workspace's datastore {store} is no container of blobs")
        account = f"https://{said['accountName']}.blob.{said.get('endpoint') or 'core.windows.net'}"
        return ContainerClient(account, str(said["containerName"]), credential=self._credential)


def _send_file(container: ContainerClient, file: Path, name: str) -> None:
    with file.open("rb") as content:
        container.upload_blob(name, content, overwrite=True)


def _files_below(container: ContainerClient, path: str) -> Iterator[str]:
    for blob in container.list_blobs(name_starts_with=f"{path}/", include=["metadata"]):
        if str((blob.metadata or {}).get("hdi_isfolder", "")).lower() != "true":  # a directory's own blob
            yield str(blob.name)
