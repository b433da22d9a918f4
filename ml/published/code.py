"""The code of a pipeline's steps as an asset of the workspace: sent once for each content."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from ml.azure.assets import at
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from ml.azure.clients import Azure
    from ml.content import Files

AT_ONCE: Final = 8  # files that are sent
FOLDER: Final = "code"
VERSION: Final = "1"
NAME_LENGTH: Final = 40  # hexadecimal digits of the key


def ensure(azure: Azure, files: Files, key: str) -> str:
    """The id of the asset of these files, which are sent where the workspace does not know it.

    files: by their path. key: of their content. Of two that send them in the same moment each is given a
    place of its own, and Azure refuses the second one, whose files nobody needs: those of the first are the
    same. Raises MlopsError, and HttpResponseError.
    """
    from azure.core.exceptions import HttpResponseError

    path = at("codes", f"{FOLDER}-{key[:NAME_LENGTH]}", "versions", VERSION)
    if azure.assets.read(path, "read code") is None:
        where = azure.granted(lambda: _sent(azure, path, files), "send code")
        said = {"codeUri": where, "isAnonymous": True, "properties": {"hash_sha256": key}}
        try:
            azure.assets.write(path, {"properties": said}, "create code")
        except HttpResponseError:
            if azure.assets.read(path, "read code") is None:
                raise
    return azure.assets.id(path)


def _sent(azure: Azure, path: str, files: Files) -> str:
    """Upload the files to the place that the workspace gives to this asset; the place."""
    asked = {"pendingUploadType": "TemporaryBlobReference"}
    given: dict[str, Any] = azure.assets.act(f"{path}/startPendingUpload", asked, "send code")
    place: dict[str, Any] = given.get("blobReferenceForConsumption") or {}
    if not place.get("blobUri"):
        raise MlopsError(
            f"The workspace {azure.estate.workspace} gives no place for code.",
            "Look at its storage account, then run the command again.",
        )
    with _container(azure, place) as container, ThreadPoolExecutor(AT_ONCE) as pool:

        def send(name: str) -> None:
            container.upload_blob(f"{FOLDER}/{name}", files[name], overwrite=True)

        list(pool.map(send, files))
    return f"{str(place['blobUri']).rstrip('/')}/{FOLDER}"


def _container(azure: Azure, place: dict[str, Any]) -> ContainerClient:
    """With the permission that came with the place, else by identity."""
    from azure.storage.blob import ContainerClient

    signed = (place.get("credential") or {}).get("sasUri")
    if signed:
        return ContainerClient.from_container_url(str(signed), **azure.limits)
    return ContainerClient.from_container_url(
        str(place["blobUri"]), credential=azure.credential, **azure.limits
    )
