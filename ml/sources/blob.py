"""Reads blobs in Azure storage, by the caller's identity or by the signature in their address."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs

from ml.azure.clients import Azure, first_lines
from ml.errors import MlopsError
from ml.settings import DownloadSettings
from ml.sources.address import Blob
from ml.sources.store import Interrupted, SourceChanged, Version

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

Answer = TypeVar("Answer")
CHUNK_BYTES = 4 << 20
ROLE = "Have the role Storage Blob Data Reader granted on the container, then run the command again."
FROM_OUTSIDE = "Have this machine's address added to the account's allow-listed ranges, or use its network."
SIGNATURE = "Ask for a new shared access signature with the permission to read."
# The service's error code -> (the reason in words, the remedy)
REFUSALS = {
    "ContainerNotFound": ("there is no such container", "Check the account's and the container's name."),
    "BlobNotFound": ("the container has no such blob", "Check the path: it is case-sensitive."),
    "ResourceNotFound": ("there is no such blob", "Check the container and the path."),
    "AuthorizationPermissionMismatch": ("access is denied", ROLE),
    "InsufficientAccountPermissions": ("access is denied", ROLE),
    "AuthorizationFailure": ("the account's network rules keep this machine out", FROM_OUTSIDE),
    "PublicAccessNotPermitted": ("the account wants a sign-in", ROLE),
    "KeyBasedAuthenticationNotPermitted": (
        "the account allows no account keys and no signatures made with them",
        "Leave the signature out and sign in, or ask for one that was made by identity.",
    ),
    "BlobArchived": ("the blob is archived", "Move it to the hot tier first, then run the command again."),
    "InvalidAuthenticationInfo": (
        "the account does not accept this sign-in: it may belong to another tenant",
        "Sign in to the account's tenant (`az login --tenant …`), or give an address with a signature.",
    ),
}
FOLDER = "hdi_isfolder"  # the metadata by which a hierarchical namespace marks a directory


class BlobSource:
    """One blob. `granted` makes a call, and repeats it while a 403 may pass because a role is new."""

    def __init__(
        self,
        address: Blob,
        client: "BlobClient",
        granted: "Callable[[Callable[[], Version]], Version] | None" = None,
    ) -> None:
        self.address, self.client, self.granted = address, client, granted

    @property
    def shown(self) -> str:
        return self.address.shown

    @property
    def identity(self) -> str:
        return self.shown

    def look(self) -> Version:
        return self._told(lambda: self.granted(self._properties) if self.granted else self._properties())

    def _properties(self) -> Version:
        found: Any = self.client.get_blob_properties(**self._which)
        if (found.metadata or {}).get(FOLDER, "").lower() == "true":
            raise MlopsError(
                f"The data set {self.shown} cannot be read: it is a folder.",
                "Give the address of one parquet or csv file.",
            )
        return Version(
            str(found.etag), int(found.size), found.last_modified.isoformat(), self.address.version
        )

    @property
    def _which(self) -> dict[str, Any]:
        return {"version_id": self.address.version} if self.address.version else {}

    def read(self, version: Version, start: int) -> Iterator[bytes]:
        """The bytes from `start` on. Each part is asked for with If-Match, so that all are of one version."""
        from azure.core import MatchConditions
        from azure.core.exceptions import (
            HttpResponseError,
            IncompleteReadError,
            ServiceRequestError,
            ServiceResponseError,
        )

        try:
            yield from self.client.download_blob(
                offset=start,
                length=version.size - start,
                etag=version.etag,
                match_condition=MatchConditions.IfNotModified,
                **self._which,
            ).chunks()
        except (ServiceRequestError, ServiceResponseError, IncompleteReadError) as error:
            raise Interrupted(self._words(error)[0]) from error
        except HttpResponseError as error:
            status = error.status_code
            if status in (412, 416):
                raise SourceChanged(self.shown) from error
            if status is None or status >= 500:
                raise Interrupted(self._words(error)[0]) from error
            raise self._refusal(error) from error
        except OSError as error:
            raise Interrupted(str(error)) from error

    def _told(self, call: Callable[[], Answer]) -> Answer:
        """Turns the exceptions of the Azure SDK into errors that name the blob."""
        from azure.core.exceptions import (
            AzureError,
            ClientAuthenticationError,
            HttpResponseError,
            ServiceRequestError,
            ServiceResponseError,
        )

        try:
            return call()
        except (ServiceRequestError, ServiceResponseError) as error:
            raise MlopsError(
                f"The data set {self.shown} cannot be read: its account does not answer.",
                "Check the account's name, the network and HTTPS_PROXY.",
                self._words(error),
            ) from error
        except HttpResponseError as error:
            if isinstance(error, ClientAuthenticationError) and error.response is None:
                raise MlopsError(
                    f"The data set {self.shown} cannot be read: no credential worked.",
                    "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
                    self._words(error),
                ) from error
            raise self._refusal(error) from error
        except AzureError as error:
            raise MlopsError(
                f"The data set {self.shown} cannot be read.",
                "Correct what the words below name.",
                self._words(error),
            ) from error

    def _refusal(self, error: Any) -> MlopsError:
        code = getattr(error, "error_code", None)
        code = str(getattr(code, "value", code) or error.status_code or "")
        why, remedy = REFUSALS.get(code, (f"Azure storage refused ({code})", "Correct what its words name."))
        if self.address.signature and error.status_code in (401, 403):
            why, remedy = f"its signature is not accepted ({code})", SIGNATURE
        return MlopsError(f"The data set {self.shown} cannot be read: {why}.", remedy, self._words(error))

    def _words(self, error: Exception) -> list[str]:
        """The first lines of an exception's text, without the signature: it may quote the whole address."""
        lines = first_lines(error) or [type(error).__name__]
        for secret in filter(None, (self.address.signature, *_raw_signatures(self.address.signature))):
            lines = [line.replace(secret, "…") for line in lines]
        return lines


def _raw_signatures(query: str) -> list[str]:
    raw = [part.partition("=")[2] for part in query.split("&") if part.startswith("sig=")]
    return [*raw, *parse_qs(query).get("sig", [])]


def open_blob(azure: Azure, address: Blob, limits: DownloadSettings) -> BlobSource:
    from azure.storage.blob import BlobClient

    client = BlobClient(
        address.account_url,
        address.container,
        address.path,
        credential=address.signature or azure.credential,
        max_single_get_size=CHUNK_BYTES,
        max_chunk_get_size=CHUNK_BYTES,
        connection_timeout=limits.connection_seconds,
        read_timeout=limits.read_seconds,
    )
    own = address.account == azure.estate.storage_account and not address.signature
    if not own:
        return BlobSource(address, client)
    return BlobSource(address, client, lambda call: azure.granted(call, f"read {address.shown}"))
