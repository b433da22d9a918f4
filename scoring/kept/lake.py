"""The data lake as a store of parts: blobs that are made once, by the identity of the service."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from scoring.kept.writer import RefusedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

CONNECT_SECONDS, READ_SECONDS = 10, 60
MAY_PASS: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,  # a role takes minutes to hold, and a firewall's rule too
        HTTPStatus.NOT_FOUND,  # the container may be on its way
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""What a client is blamed for, and what may pass all the same."""


class LakeStore:
    """`url`: of the container, https://ACCOUNT.blob.core.windows.net/CONTAINER."""

    def __init__(self, url: str, credential: TokenCredential, **options: Any) -> None:
        from azure.storage.blob import ContainerClient

        self._container = ContainerClient.from_container_url(
            url,
            credential,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retry_total=0,  # the writer tries again, and says so
            **options,
        )

    def put(self, name: str, data: bytes) -> None:
        """Make the blob. One that is there is this very part: an earlier answer got lost."""
        from azure.core.exceptions import HttpResponseError, ResourceExistsError

        try:
            self._container.upload_blob(name, data, overwrite=False, max_concurrency=1)
        except ResourceExistsError:
            return
        except HttpResponseError as error:
            status = error.status_code or 0
            if 400 <= status < 500 and status not in MAY_PASS:
                raise RefusedError(f"{status}: {error.message}") from error
            raise
