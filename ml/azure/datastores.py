"""The datastores of a workspace: where their blobs are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ml.azure import workspace
from ml.azure.management import Management
from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.azure.clients import Azure

# How each kind that holds blobs names its container.
CONTAINER: Final = {"AzureBlob": "containerName", "AzureDataLakeGen2": "filesystem"}


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
