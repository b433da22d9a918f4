"""Who is signed in."""

import base64
import json
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

AUDIENCE = "https://management.azure.com/.default"


def object_id(credential: "TokenCredential") -> str:
    """The object id of the token's principal, a person or a service. Raises MlopsError when it has none."""
    token = credential.get_token(AUDIENCE).token
    try:
        payload = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["oid"])
    except (IndexError, ValueError, KeyError) as error:
        raise MlopsError(
            "The token does not say whose it is (its claim oid is missing).", "Sign in to Microsoft Entra ID."
        ) from error
