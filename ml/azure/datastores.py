"""The datastores of a workspace: where their blobs are."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ml.azure import workspace
from ml.azure.management import Management
from ml.errors import MlopsError
from ml.sources.address import DATASTORE

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from ml.azure.clients import Azure

# How each kind that holds blobs names its container.
CONTAINER: Final = {"AzureBlob": "containerName", "AzureDataLakeGen2": "filesystem"}
AT_ONCE: Final = 8  # files that are fetched
DIRECTORY: Final = "hdi_isfolder"  # the metadata by which a hierarchical namespace marks a directory


def container_of(azure: Azure, name: str) -> tuple[str, str]:
    """Account and container of a datastore. Its own credentials are not asked for: who calls signs in.

    Raises MlopsError when the workspace has no such datastore, or when it holds no blobs.
    """
    from azure.core.exceptions import ResourceNotFoundError

    path = f"{workspace.path_of(azure.estate)}/datastores/{quote(name, safe='')}"
    try:
        found = Management(azure, workspace.API).read(path)[0]["properties"]
    except ResourceNotFoundError as error:
        raise MlopsError(
            f"The workspace {azure.estate.workspace} has no datastore {name}.",
            f"Somebody has removed it; the estate's own is {azure.estate.datastore}.",
        ) from error
    kind = str(found["datastoreType"])
    if kind not in CONTAINER:
        raise MlopsError(
            f"The datastore {name} of {azure.estate.workspace} is a {kind}, which holds no blobs.",
            "Register the model in a datastore on blob storage.",
        )
    return str(found["accountName"]), str(found[CONTAINER[kind]])


def place_of(azure: Azure, uri: str) -> tuple[str, str] | None:
    """Datastore and path of an address azureml://…/datastores/NAME/paths/PATH of this workspace; None for
    another one."""
    estate = azure.estate
    match = DATASTORE.fullmatch(uri.removeprefix("azureml://"))
    if match is None:
        return None
    own = (estate.subscription_id, estate.resource_group, estate.workspace)
    given = (match["subscription"], match["group"], match["workspace"])
    if match["workspace"] and tuple(map(str.lower, given)) != tuple(map(str.lower, own)):
        return None
    return match["name"], match["path"].rstrip("/")


def download(azure: Azure, store: str, path: str, folder: Path, what: str) -> None:
    """Write the files at a path of a datastore into the folder, each at its path below that one.

    what: in words, as in "download the model". Nothing is written where there are none. Raises MlopsError
    when the path of one leads out of the folder.
    """

    def fetch() -> None:
        account, name = container_of(azure, store)
        with azure.container(account, name) as container, ThreadPoolExecutor(AT_ONCE) as pool:
            listed = list(_listed(container, path))
            places = [_below(folder, path, blob) for blob in listed]
            list(pool.map(_write, repeat(container), listed, places))

    azure.granted(fetch, what)


def _listed(container: ContainerClient, path: str) -> Iterator[str]:
    """The names of the blobs at the path: one of that name, or all below it; no directories."""
    for blob in container.list_blobs(name_starts_with=path, include=["metadata"]):
        name, marks = str(blob.name), blob.metadata or {}
        if str(marks.get(DIRECTORY, "")).lower() != "true" and (name == path or name.startswith(f"{path}/")):
            yield name


def _below(folder: Path, path: str, blob: str) -> Path:
    """Where a blob is written. Raises MlopsError when that is not in the folder."""
    inner = blob[len(path) :].lstrip("/") or PurePosixPath(path).name
    place = (folder / inner).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise MlopsError(
            f"The file {blob} has a path that leads out of its folder.",
            "Make it anew (a model: register it again): somebody has changed its files.",
        )
    return place


def _write(container: ContainerClient, blob: str, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as file:
        container.download_blob(blob).readinto(file)
