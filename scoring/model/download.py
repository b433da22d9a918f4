"""Brings a model artifact from blob storage, by the identity that this program runs under."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.model import artifact as artifacts
from scoring.model.artifact import FILES, ArtifactError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

URL: Final = re.compile(r"(https://[a-z0-9]{3,24}\.blob\.[a-z0-9.-]+/[a-z0-9$-]{3,63})/([^?#]+?)/?")
DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
CONNECT_SECONDS, READ_SECONDS = 10, 60


def download(url: str, digest: str, credential: TokenCredential, below: Path, **options: Any) -> Path:
    """The folder of the artifact, below `below`; one that was brought before is taken as it is.

    url: https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH of the artifact's folder. digest: of the model
    that it has to be. options: of the client. The folder appears whole or not at all.

    Raises ArtifactError where the address is none, a file is not there or may not be read, and for another
    model than the digest says.
    """
    place, wanted = URL.fullmatch(url), DIGEST.fullmatch(digest)
    if place is None:
        raise ArtifactError(
            f"{url!r} is no folder of blobs: expected https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH"
        )
    if wanted is None:
        raise ArtifactError(f"{digest!r} is no digest of a model: expected sha256: and 64 hex digits")
    folder = below / wanted[1]
    if not folder.is_dir():
        below.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="model-", dir=below))
        try:
            _fetch(place[1], place[2], credential, aside, options)
            _hold(aside, digest, url)
            try:
                aside.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process has brought it meanwhile
                    raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    _hold(folder, digest, url)
    return folder


def _hold(folder: Path, digest: str, url: str) -> None:
    if (found := artifacts.load(folder).digest) != digest:
        raise ArtifactError(f"{url} holds the model {found}, and {digest} is to be served")


def _fetch(
    container: str, path: str, credential: TokenCredential, folder: Path, options: dict[str, Any]
) -> None:
    from azure.core.exceptions import AzureError, HttpResponseError
    from azure.storage.blob import ContainerClient

    client = ContainerClient.from_container_url(
        container,
        credential,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        **options,
    )
    with client:
        for name in FILES:
            try:
                content = client.download_blob(f"{path}/{name}").readall()
            except HttpResponseError as error:
                reason = f"{error.status_code} {error.reason or ''}".strip()
                raise ArtifactError(f"{container}/{path}/{name} cannot be read: {reason}") from error
            except AzureError as error:
                raise ArtifactError(f"{container}/{path}/{name} cannot be read: {error.message}") from error
            (folder / name).write_bytes(content)
