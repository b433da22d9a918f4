"""The Azure SDK clients of one estate, made when first used, each with its time limits."""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from ml.azure.forbidden import Wait, refusal_of
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import SecretClient
    from azure.mgmt.containerregistry.v2019_06_01_preview import ContainerRegistryManagementClient
    from azure.storage.blob import BlobClient, ContainerClient

    from infra.outputs import EstateOutputs
    from ml.azure.assets import Assets
    from ml.settings import Settings
    from ml.terminal.console import Report

Answer = TypeVar("Answer")
RULE_SECONDS = 60.0  # how long a new network rule may take: less than a role assignment
IDENTITY_VARIABLE = "DEFAULT_IDENTITY_CLIENT_ID"  # in a job of Azure ML: the identity that it runs under


def _settings() -> "Settings":
    from ml.settings import settings

    return settings()


@dataclass(frozen=True)
class Azure:
    estate: "EstateOutputs"
    report: "Report"
    settings: "Settings" = field(default_factory=_settings)

    @cached_property
    def credential(self) -> "TokenCredential":
        import logging

        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

        if client_id := os.environ.get(IDENTITY_VARIABLE):
            return ManagedIdentityCredential(client_id=client_id)
        logging.getLogger("azure.identity").setLevel(logging.ERROR)  # its exception says the same
        return DefaultAzureCredential()

    @property
    def limits(self) -> dict[str, Any]:
        """Time limits of every azure-core client, in seconds."""
        return self.settings.azure.limits

    @cached_property
    def ml(self) -> "MLClient":
        import logging

        from azure.ai.ml import MLClient

        # azure-ai-ml's notices about experimental classes do not help whoever runs `mlops`.
        logging.getLogger("azure.ai.ml").setLevel(logging.ERROR)
        estate = self.estate
        return MLClient(
            self.credential,
            estate.subscription_id,
            estate.resource_group,
            estate.workspace,
            show_progress=False,
            enable_telemetry=False,
            **self.limits,
        )

    @cached_property
    def assets(self) -> "Assets":
        """What stands in the workspace, without azure-ai-ml."""
        from ml.azure.assets import Assets

        return Assets(self)

    @cached_property
    def registry(self) -> "ContainerRegistryManagementClient":
        """The API version that schedules builds: the only way into a registry without public access."""
        from azure.mgmt.containerregistry.v2019_06_01_preview import ContainerRegistryManagementClient

        return ContainerRegistryManagementClient(self.credential, self.estate.subscription_id, **self.limits)

    @cached_property
    def secrets(self) -> "SecretClient":
        from azure.keyvault.secrets import SecretClient

        return SecretClient(self.estate.key_vault_uri, self.credential, **self.limits)

    def blob(self, path: str) -> "BlobClient":
        """A blob in the estate's data container."""
        from azure.storage.blob import BlobClient

        account = f"https://{self.estate.storage_account}.blob.core.windows.net"
        return BlobClient(
            account, self.estate.data_container, path, credential=self.credential, **self.limits
        )

    def container(self, account: str, name: str) -> "ContainerClient":
        """A container of another account, by the account's name."""
        from azure.storage.blob import ContainerClient

        address = f"https://{account}.blob.core.windows.net"
        return ContainerClient(address, name, credential=self.credential, **self.limits)

    def at_url(self, url: str) -> "BlobClient":
        """A blob by URL: with the permission in the URL (a SAS) when it has one, else by identity."""
        from azure.storage.blob import BlobClient

        signed = "sig" in parse_qs(urlsplit(url).query)
        return BlobClient.from_blob_url(url, credential=None if signed else self.credential, **self.limits)

    def granted(self, call: Callable[[], Answer], what: str) -> Answer:
        """Call, and call again while Azure answers 403 for a reason that passes, as of a new role.

        Raises MlopsError with Azure's words, which name action and scope, when waiting no longer helps.
        """
        return until_granted(call, what, self.report, self.settings.azure.grants_seconds)


def until_granted(call: Callable[[], Answer], what: str, report: "Report", seconds: float) -> Answer:
    """Call, and call again while Azure answers 403 with a code for which waiting may help.

    seconds: the longest wait, for a role assignment. Raises MlopsError with Azure's words after it.
    """
    from azure.core.exceptions import HttpResponseError

    began = time.monotonic()
    pause, told = 1.0, False
    while True:
        try:
            return call()
        except HttpResponseError as error:
            if error.status_code != 403:
                raise
            refusal = refusal_of(error)
            limit = {Wait.GRANT: seconds, Wait.RULE: min(seconds, RULE_SECONDS)}.get(refusal.wait, 0.0)
            if time.monotonic() + pause > began + limit:
                tried = f" (tried for {limit:g} s)" if limit else ""
                raise MlopsError(
                    f"{refusal.problem.format(what=what)}{tried}.", refusal.remedy, first_lines(error)
                ) from error
            if not told:
                report.line(
                    f"not allowed yet to {what}; {refusal.wait.value}: asking again for up to {limit:g} s"
                )
                told = True
            time.sleep(pause)
            pause = min(pause * 2, 20.0)


@contextmanager
def without_its_own_output() -> Generator[None, None, None]:
    """azure-ai-ml prints colours and empty lines while it uploads, whatever `show_progress` says."""
    with redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        yield


def first_lines(error: Exception, count: int = 4) -> list[str]:
    """The first lines of an exception's message: azure-core's messages repeat themselves further down."""
    return [line for line in str(error).splitlines() if line.strip()][:count]
