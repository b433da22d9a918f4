"""Who is calling, by the token; and whether somebody is a person, by the directory."""

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.azure.clients import Azure

STORAGE: Final = "https://storage.azure.com/.default"
GRAPH: Final = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class Caller:
    """object_id: in the directory. name: the sign-in name."""

    object_id: str
    name: str


def caller(azure: "Azure") -> Caller:
    """The person whose token is used. Raises MlopsError for service principals and managed identities.

    This spares a person the later refusal. What counts is what storage writes down as the blob's owner.
    """
    claims = _claims(azure.credential.get_token(STORAGE).token)
    name = str(claims.get("upn") or claims.get("unique_name") or claims.get("app_displayname") or "")
    if claims.get("idtyp") == "app" or "scp" not in claims:
        raise MlopsError(
            f"The service principal {name or claims.get('appid', '')} cannot approve: only a person can.",
            "Sign in as yourself (`az login`), without AZURE_CLIENT_SECRET in the environment.",
        )
    return Caller(str(claims.get("oid", "")), name)


def _claims(token: str) -> dict[str, Any]:
    """What a token says. It is not verified here: whom it is sent to does that."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def person(azure: "Azure", object_id: str) -> str:
    """The sign-in name of somebody who is a person and may sign in. Raises MlopsError for anybody else.

    The caller needs User.Read.All, or the role Directory Readers; without it nobody is taken for a person.
    """
    from azure.core.exceptions import HttpResponseError

    from ml.azure.rest import Rest

    query = {"$select": "id,userPrincipalName,accountEnabled"}
    try:
        found = Rest(azure, GRAPH, audience=GRAPH).get(f"{GRAPH}/v1.0/users/{object_id}", **query)
    except HttpResponseError as error:
        if error.status_code == 404:
            raise MlopsError(
                f"The approval was written by {object_id}, who is no person of the directory.",
                "Have a member of the approvers' group approve it; service principals cannot.",
            ) from error
        raise MlopsError(
            f"The directory does not say whether {object_id} is a person ({error.status_code}).",
            "Give the promoting identity the directory's role Directory Readers.",
        ) from error
    if found.get("accountEnabled") is not True:
        raise MlopsError(
            f"The account of {found.get('userPrincipalName', object_id)}, who approved, is disabled.",
            "Have another member of the approvers' group approve it.",
        )
    return str(found.get("userPrincipalName", object_id))
