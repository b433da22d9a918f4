"""Where releases, evidence and approvals are kept: containers written once, by whom the service says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from ml.azure.clients import Azure

Answer = TypeVar("Answer")
OWNER = "x-ms-owner"  # of Get Blob, for accounts with a hierarchical namespace


@dataclass(frozen=True, slots=True)
class Stored:
    """One blob as the service tells it.

    owner: the object id of whoever created it, as the service set it; None where accounts know no owners.
    created: when, by the service's clock.
    """

    path: str
    content: bytes
    owner: str | None
    created: datetime


class Store:
    """One container. What stands in it is never overwritten.

    patient: whether a 403 is taken for a role assignment on its way, and asked again.
    """

    def __init__(self, azure: "Azure", account: str, container: str, *, patient: bool = True) -> None:
        self.account, self.container = account, container
        self._azure, self._patient = azure, patient

    def _granted(self, call: Callable[[], Answer], what: str) -> Answer:
        return self._azure.granted(call, what) if self._patient else call()

    @property
    def _client(self) -> "ContainerClient":
        return self._azure.container(self.account, self.container)

    def write(self, path: str, content: bytes, what: str = "write releases") -> bool:
        """Whether it was written; False where something stands already. Raises MlopsError."""
        from azure.core.exceptions import ResourceExistsError

        blob = self._client.get_blob_client(path)
        try:
            self._granted(lambda: blob.upload_blob(content, overwrite=False), what)
        except ResourceExistsError:
            return False
        return True

    def read(self, path: str, what: str = "read releases") -> Stored | None:
        """What stands at a path, with who made it; None where there is nothing. Raises MlopsError."""
        from azure.core.exceptions import ResourceNotFoundError

        said: dict[str, str] = {}

        def keep(answer: Any) -> None:
            said.update(answer.http_response.headers)

        def read() -> tuple[bytes, datetime]:
            # One request: the content, and who made this very content.
            stream = self._client.get_blob_client(path).download_blob(raw_response_hook=keep)
            return stream.readall(), stream.properties.creation_time

        try:
            content, created = self._granted(read, what)
        except ResourceNotFoundError:
            return None
        owner = next((value for name, value in said.items() if name.lower() == OWNER), None)
        return Stored(path, content, owner, created)

    def listed(self, prefix: str, what: str = "list releases") -> list[tuple[datetime, str]]:
        """When each file below a folder was created (whole seconds) and its path, the newest first."""

        def found() -> list[tuple[datetime, str]]:
            return [
                (blob.creation_time, str(blob.name))
                for blob in self._client.list_blobs(name_starts_with=prefix)
                if str(blob.name).endswith(".json")
            ]

        return sorted(self._granted(found, what), reverse=True)

    def names(self, prefix: str, what: str = "list releases") -> list[str]:
        """The files below a folder, the newest first."""
        return [name for _, name in self.listed(prefix, what)]

    def written_once(self) -> bool:
        """Whether a policy keeps what stands in it from being changed or deleted."""
        return bool(
            self._granted(
                lambda: self._client.get_container_properties().has_immutability_policy,
                "read the properties of the container",
            )
        )


def release_account(azure: "Azure") -> str:
    """The account of releases and approvals. Raises MlopsError where the estate names none."""
    account = azure.estate.release_account
    if account is None:
        environment = azure.estate.environment
        raise MlopsError(
            f"The environment {environment} names no account for releases and approvals.",
            f"Set releases.account in Pulumi.{environment}.yaml to the bootstrap's output approvals_account, "
            f"and run `pulumi up -s {environment}`.",
        )
    return account


def releases(azure: "Azure", environment: str) -> Store:
    """The records and evidence of what was proven in an environment. Raises MlopsError.

    Where an estate names no account for them, its own releases stand in its own storage, which knows no
    owners: nothing in it can be approved.
    """
    estate = azure.estate
    if estate.release_account is None and environment == estate.environment:
        return Store(azure, estate.storage_account, estate.data_container)
    return Store(azure, release_account(azure), f"releases-{environment}")


def approvals(azure: "Azure", environment: str, *, patient: bool = True) -> Store:
    """The approvals for an environment. Raises MlopsError."""
    return Store(azure, release_account(azure), f"approvals-{environment}", patient=patient)
