"""Keys: the scoring service's own, and that by which `mlops` calls the gateway; kept in Key Vault only.

Each function takes the name of the secret; without one it is about the service's key.
"""

import secrets
from typing import TYPE_CHECKING

from ml.azure.clients import Azure, first_lines
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.keyvault.secrets import DeletedSecret

KEY_BYTES = 32


def _named(azure: Azure, name: str | None) -> str:
    return azure.settings.scoring.api_key_secret if name is None else name


def read(azure: Azure, secret: str | None = None) -> str | None:
    from azure.core.exceptions import ResourceNotFoundError

    name = _named(azure, secret)
    try:
        return azure.granted(lambda: azure.secrets.get_secret(name), f"read the secret {name}").value
    except ResourceNotFoundError:
        return None


def ensure(azure: Azure, secret: str | None = None) -> str:
    """The key. Without one, a new key is put into Key Vault; one that was deleted is recovered.

    While Key Vault keeps a deleted secret, its name cannot be used anew. Raises MlopsError when neither can
    be done.
    """
    from azure.core.exceptions import ResourceExistsError

    known = read(azure, secret)
    if known:
        return known
    name, made = _named(azure, secret), secrets.token_urlsafe(KEY_BYTES)
    try:
        azure.granted(lambda: azure.secrets.set_secret(name, made), f"write the secret {name}")
    except ResourceExistsError as error:  # "currently in a deleted but recoverable state"
        return _recovered(azure, name, error)
    azure.report.line(f"made the secret {name} in {azure.estate.key_vault}")
    return made


def _recovered(azure: Azure, name: str, refused: Exception) -> str:
    from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

    vault = azure.estate.key_vault
    try:
        azure.secrets.begin_recover_deleted_secret(name).wait()
    except (ResourceNotFoundError, ResourceExistsError) as error:  # deletion or recovery still goes on
        raise MlopsError(
            f"Key Vault {vault} deletes or recovers its secret {name} at this moment.",
            "Run the command again in a minute.",
            first_lines(refused),
        ) from error
    except HttpResponseError as error:
        raise MlopsError(
            f"The secret {name} of Key Vault {vault} was deleted and cannot be recovered from here.",
            "Have somebody with the role Key Vault Secrets Officer run "
            f"`az keyvault secret recover --vault-name {vault} --name {name}`.",
            first_lines(error),
        ) from error
    key = read(azure, name)
    if not key:
        raise MlopsError(
            f"Key Vault {vault} recovers its secret {name} and does not show it yet.",
            "Run the command again in a minute.",
        )
    azure.report.warn(
        f"the secret {name} of {vault} had been deleted: it is recovered, and the callers' old key is valid "
        f"again. If it was deleted because the key leaked, put another value there: "
        f"`az keyvault secret set --vault-name {vault} --name {name} --value NEW`, and deploy again"
    )
    return key


def deleted(azure: Azure, secret: str | None = None) -> "DeletedSecret | None":
    """The deleted secret that can be recovered; None without one, or when this identity may not see it.

    One call without waiting: the answer only decides what an error advises.
    """
    from azure.core.exceptions import HttpResponseError

    try:
        return azure.secrets.get_deleted_secret(_named(azure, secret))
    except HttpResponseError as error:
        if error.status_code in (403, 404):
            return None
        raise


def required(azure: Azure, secret: str | None = None) -> str:
    """The key. Raises MlopsError when it was never made, or was deleted."""
    known = read(azure, secret)
    if known:
        return known
    name, vault = _named(azure, secret), azure.estate.key_vault
    deploy = f"`mlops deploy --env {azure.estate.environment}`"
    gone = deleted(azure, name)
    if gone is not None:
        until = gone.scheduled_purge_date
        raise MlopsError(
            f"The secret {name} of Key Vault {vault} was deleted"
            + (f"; until {until:%Y-%m-%d} it can be recovered." if until else "."),
            f"Run {deploy}, which recovers it, "
            f"or `az keyvault secret recover --vault-name {vault} --name {name}`.",
        )
    raise MlopsError(
        f"Key Vault {vault} has no secret {name}.",
        f"Run {deploy}" + (f", or `mlops key --env {azure.estate.environment}`." if secret is None else "."),
    )
