"""The gateway's named value of the scoring service's key: pointed at the secret in Key Vault.

The stack makes the named value and leaves what it holds to the release: Azure fetches the secret when a named
value is pointed at it, and no vault of a new estate has one.
"""

from typing import TYPE_CHECKING, Any

from infra.gateway import BACKEND_KEY
from ml.azure.management import Management
from ml.errors import MlopsError
from ml.gateway.place import API, service_of

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def point(azure: "Azure") -> None:
    """Point it at the key; where it is so already, have the gateway fetch what the secret holds now.

    By itself the gateway fetches a changed secret within four hours ("Use named values in Azure API
    Management policies", read 2026-11). Raises MlopsError with Azure's words.
    """
    management, path = Management(azure, API), _path(azure)
    wanted = _secret(azure)
    if _held(management, path) == wanted:
        azure.granted(
            lambda: management.act(f"{path}/refreshSecret", {}, "fetch the scoring service's key"),
            "have the gateway fetch the key",
        )
        return
    properties = {"displayName": BACKEND_KEY, "secret": True, "keyVault": {"secretIdentifier": wanted}}
    azure.granted(
        lambda: management.done(path, {"properties": properties}, "fetch the scoring service's key"),
        "tell the gateway of the key",
    )
    azure.report.line(f"told the gateway {azure.estate.gateway} where the key is")


def required(azure: "Azure") -> None:
    """Raises MlopsError when the gateway was not told of the key: the service would refuse every caller."""
    if _held(Management(azure, API), _path(azure)) == _secret(azure):
        return
    environment = azure.estate.environment
    raise MlopsError(
        f"The gateway {azure.estate.gateway} does not hold the scoring service's key: every caller would be "
        "refused.",
        f"Run `mlops key --env {environment}`, which tells it.",
    )


def _path(azure: "Azure") -> str:
    return f"{service_of(azure.estate)}/namedValues/{BACKEND_KEY}"


def _secret(azure: "Azure") -> str:
    """Without a version: a key that was changed is fetched."""
    return f"{azure.estate.key_vault_uri}secrets/{azure.settings.scoring.api_key_secret}"


def _held(management: Management, path: str) -> str:
    """Where it points, "" for nowhere yet. Raises MlopsError where the stack has not made it."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        body: dict[str, Any] = management.read(path)[0]
    except ResourceNotFoundError as error:
        raise MlopsError(
            f"The gateway has no named value {BACKEND_KEY}.", "Run `pulumi up`, which makes it."
        ) from error
    return str((body["properties"].get("keyVault") or {}).get("secretIdentifier") or "")
