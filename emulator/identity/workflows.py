"""CI's workflows: how a run of one signs in, by GitHub's token, as the identity that trusts its subject."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.identity.directory import PRINCIPAL, Directory
from emulator.identity.tokens import Tokens

GITHUB: Final = "https://token.actions.githubusercontent.com"
AUDIENCE: Final = "api://AzureADTokenExchange"
CREDENTIALS: Final = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
LIFETIME_S: Final = 3600  # GitHub's hold for five minutes, and a workflow fetches the next one


@dataclass(frozen=True, slots=True)
class Run:
    """A workflow's run. subject: what its token says of it."""

    client_id: str
    subject: str
    token: str


def begin(store: Store, directory: Directory, tokens: Tokens, name: str) -> Run:
    """A run that signs in as the user-assigned identity of that name, by its first credential for GitHub.

    404 for a name that no identity has, or more than one; 409 for an identity that trusts no workflow.
    """
    named = [
        principal
        for object_id, held in store.documents(PRINCIPAL).items()
        if held.get("resource_id")
        and fold(held["resource_id"]).rpartition("/")[2] == fold(name)
        and (principal := directory.find(object_id))
    ]
    if len(named) != 1:
        words = "No identity has" if not named else f"{len(named)} identities have"
        raise AzureError(404, "NoSuchIdentity", f"{words} the name '{name}'.")
    (principal,) = named
    for credential in store.by_type(CREDENTIALS, principal.resource_id or "/none"):
        held = credential["properties"]
        if held.get("issuer") == GITHUB:
            now = int(time.time())
            claims = {
                "iss": GITHUB,
                "sub": held["subject"],
                "aud": AUDIENCE,
                "iat": now,
                "nbf": now - 300,
                "exp": now + LIFETIME_S,
                "jti": uuid.uuid4().hex,
            }
            return Run(principal.client_id, held["subject"], tokens.sign(claims))
    raise AzureError(409, "NoWorkflow", f"The identity '{name}' has no federated credential for {GITHUB}.")
