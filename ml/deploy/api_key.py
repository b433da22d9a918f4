"""The callers' key: made once, kept in Key Vault only."""

import secrets

from ml.azure.clients import Azure
from ml.errors import MlopsError

KEY_BYTES = 32


def read(azure: Azure) -> str | None:
    from azure.core.exceptions import ResourceNotFoundError

    name = azure.settings.scoring.api_key_secret
    try:
        return azure.granted(lambda: azure.secrets.get_secret(name), f"read the secret {name}").value
    except ResourceNotFoundError:
        return None


def ensure(azure: Azure) -> str:
    """The key; a new one is put into Key Vault when there is none."""
    known = read(azure)
    if known:
        return known
    name, made = azure.settings.scoring.api_key_secret, secrets.token_urlsafe(KEY_BYTES)
    azure.granted(lambda: azure.secrets.set_secret(name, made), f"write the secret {name}")
    azure.report.line(f"made the secret {name} in {azure.estate.key_vault}")
    return made


def required(azure: Azure) -> str:
    """The key. Raises MlopsError when it was never made."""
    known = read(azure)
    if not known:
        raise MlopsError(
            f"Key Vault {azure.estate.key_vault} has no secret {azure.settings.scoring.api_key_secret}.",
            f"Run `mlops deploy --env {azure.estate.environment}` first.",
        )
    return known
