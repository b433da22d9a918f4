"""Finds the blob that a data asset, or a path in a datastore of the workspace, stands for."""

from collections.abc import Callable
from typing import Any

from ml.azure.clients import Azure, first_lines
from ml.errors import MlopsError
from ml.sources.address import Blob, DataAsset, DatastorePath, LocalFile, Remote, parse


def _asked(shown: str, call: Callable[[], Any], missing: str, remedy: str) -> Any:
    """The workspace's answer. Raises MlopsError when it has no such thing or the caller may not read it."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

    try:
        return call()
    except ResourceNotFoundError as error:
        raise MlopsError(f"The data set {shown} cannot be read: {missing}.", remedy) from error
    except ClientAuthenticationError as error:
        raise MlopsError(
            f"The data set {shown} cannot be read: no credential worked.",
            "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
            first_lines(error),
        ) from error
    except HttpResponseError as error:
        raise MlopsError(
            f"The data set {shown} cannot be read: the workspace refused.",
            "Correct what its words name, then run the command again.",
            first_lines(error),
        ) from error


def _asset(azure: Azure, address: DataAsset) -> Remote:
    workspace = azure.estate.workspace

    def get() -> Any:
        return azure.granted(
            lambda: azure.ml.data.get(address.name, version=address.version, label=address.label),
            f"read the data asset {address.shown}",
        )

    asset = _asked(
        address.shown,
        get,
        f"the workspace {workspace} has no such data asset",
        "Check its name and version (`az ml data list`), or give azureml:NAME@latest.",
    )
    if str(asset.type) != "uri_file":
        raise MlopsError(
            f"The data set {address.shown} cannot be read: the asset is a {asset.type}, no file.",
            "Give an asset of the type uri_file, or the address of one file.",
        )
    path = parse(str(asset.path))
    if isinstance(path, LocalFile | DataAsset):
        raise MlopsError(
            f"The data set {address.shown} cannot be read: the asset's path is {path.shown}.",
            "Give an asset whose path is a blob or a datastore's path.",
        )
    return path


def _datastore(azure: Azure, address: DatastorePath) -> Blob:
    estate = azure.estate
    own = (estate.subscription_id, estate.resource_group, estate.workspace)
    if address.workspace and tuple(map(str.lower, address.workspace)) != tuple(map(str.lower, own)):
        raise MlopsError(
            f"The data set {address.shown} cannot be read: it is in the workspace {address.workspace[2]}, "
            f"and this estate's is {estate.workspace}.",
            "Give the storage address: https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH.",
        )
    store = _asked(
        address.shown,
        lambda: azure.granted(
            lambda: azure.ml.datastores.get(address.datastore), f"read the datastore {address.datastore}"
        ),
        f"the workspace {estate.workspace} has no datastore {address.datastore}",
        f"Give one that exists (`az ml datastore list`); the estate's own is {estate.datastore}.",
    )
    container = getattr(store, "container_name", None) or getattr(store, "filesystem", None)
    if not container:
        raise MlopsError(
            f"The data set {address.shown} cannot be read: the datastore {address.datastore} is a "
            f"{store.type}, which holds no blobs.",
            "Give a path in a datastore on blob storage.",
        )
    return Blob(str(store.account_name), str(container), address.path)


def to_store(azure: Azure, address: Remote) -> Remote:
    """The store that holds the bytes: a blob or an S3 object. Raises MlopsError naming the address."""
    if isinstance(address, DataAsset):
        address = _asset(azure, address)
    return _datastore(azure, address) if isinstance(address, DatastorePath) else address
