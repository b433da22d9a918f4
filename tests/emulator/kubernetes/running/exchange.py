"""A token of a service account for one of Entra ID, as azure-identity asks for it."""

from __future__ import annotations

from urllib.parse import urlencode

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.identity.directory import TENANT_ID


def exchange(emulator: Emulator, client_id: str, token: str) -> Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": token,
        "scope": "https://vault.azure.net/.default",
    }
    path = f"/{TENANT_ID}/oauth2/v2.0/token"
    return emulator.answer(
        Request("POST", "login.microsoftonline.com", path, path, body=urlencode(form).encode())
    )
