"""How the driver signs in to storage, by where it runs. It alone does: executors get its tokens."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

ENVIRONMENT: Final = "environment"
AZURE_ML: Final = "azureml"
DATABRICKS: Final = "databricks:"
HELP: Final = (
    f"{ENVIRONMENT} (a managed identity, or what AZURE_… variables say), {AZURE_ML} (the identity of a Spark "
    f"job of Azure ML) or {DATABRICKS}NAME (a service credential of Unity Catalog)"
)
STORAGE: Final = "storage"  # the audience, as Azure's Spark runtime names it
UNKNOWN_LIFE_S: Final = 600


def credential(how: str) -> TokenCredential:
    """Raises MlopsError for a way that is not known, or not there on this machine."""
    if how == ENVIRONMENT:
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential()
    try:
        if how == AZURE_ML:
            return JobIdentity(import_module("notebookutils").mssparkutils)
        if how.startswith(DATABRICKS):
            utilities: Any = import_module("databricks.sdk.runtime").dbutils
            return utilities.credentials.getServiceCredentialsProvider(how.removeprefix(DATABRICKS))
    except ImportError as error:
        raise MlopsError(
            f"--sign-in {how} needs the module {error.name}, which only that platform's runtime has.",
            f"Run it there, or give {ENVIRONMENT}.",
        ) from error
    raise MlopsError(f"--sign-in is {how!r}.", f"Give {HELP}.")


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """The identity of an Azure ML Spark job, by the runtime's own utilities."""

    utilities: Any

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        from azure.core.credentials import AccessToken

        token = str(self.utilities.credentials.getToken(STORAGE))
        return AccessToken(token, _expires(token))


def _expires(token: str) -> int:
    """When a token ends, in seconds since 1970, as it says itself."""
    try:
        claims = token.split(".")[1]
        return int(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, KeyError, ValueError, TypeError):
        return int(time.time()) + UNKNOWN_LIFE_S  # it is opaque: it is asked for again soon
