"""Jobs and containers: which of them asks, which identities it was given, and their token endpoints."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import NotEmulated
from emulator.http import Request, Response
from emulator.identity.directory import PRINCIPAL, Directory
from emulator.identity.tokens import Tokens, audience
from emulator.places import AZURE, Place
from emulator.principal import Principal

KIND: Final = "workload"
IMDS_HOST: Final = "169.254.169.254"
IMDS_PATH: Final = "/metadata/identity/oauth2/token"
MSI_PATH: Final = "/msi/token"
HEADER: Final = "x-emulator-workload"  # set by the proxy alone


class Workloads:
    """Who runs here. A workload proves its name by the secret in its proxy's URL or in its MSI header."""

    def __init__(self, store: Store, directory: Directory, tokens: Tokens) -> None:
        self._store = store
        self._directory = directory
        self._tokens = tokens

    def admit(self, name: str, identities: list[str], place: Place = AZURE) -> str:
        """Register a workload with the resource ids of its identities and its place; its secret, the same at
        each call."""
        held = self._store.document(KIND, name)
        secret = held["secret"] if held else secrets.token_urlsafe(24)
        known = {"secret": secret, "identities": identities, **asdict(place)}
        self._store.put_document(KIND, name, known, secret=True)
        return secret

    def place(self, name: str) -> Place:
        """Where a workload stands."""
        held = self._store.document(KIND, name) or {}
        return Place(held.get("subnet", ""), held.get("address", ""))

    def dismiss(self, name: str) -> None:
        """Forget a workload: its secret no longer opens anything."""
        self._store.delete_document(KIND, name)

    def check(self, name: str, secret: str) -> bool:
        """Whether the secret is that of the workload."""
        held = self._store.document(KIND, name)
        return held is not None and hmac.compare_digest(held["secret"].encode(), secret.encode())

    def msi(self, name: str, port: int, default_client_id: str = "") -> dict[str, str]:
        """The variables by which an Azure ML job finds its token endpoint; KeyError before it is admitted."""
        held = self._store.document(KIND, name)
        if held is None:
            raise KeyError(f"workload {name!r} is not admitted")
        variables = {
            "MSI_ENDPOINT": f"http://127.0.0.1:{port}{MSI_PATH}",
            "MSI_SECRET": f"{quote(name, safe='')}:{held['secret']}",
        }
        return variables | ({"DEFAULT_IDENTITY_CLIENT_ID": default_client_id} if default_client_id else {})

    def imds(self, request: Request) -> Response:
        """The instance metadata service, as containers and machines ask it."""
        if request.path != IMDS_PATH:
            raise NotEmulated(request.describe())
        if request.headers.get("metadata", "").lower() != "true":
            return _error("invalid_request", "Required metadata header not specified")
        return self._token(request, request.headers.get(HEADER, ""))

    def job_endpoint(self, request: Request) -> Response:
        """The endpoint of Azure ML jobs: MSI_ENDPOINT with MSI_SECRET in the header ``secret``."""
        given = request.headers.get("secret", "") or request.headers.get("x-identity-header", "")
        name, _, secret = given.partition(":")
        if not self.check(name, secret):
            return _error("invalid_request", "The header secret is not that of a running job", 401)
        return self._token(request, name)

    def token(self, name: str, resource: str, client_id: str = "") -> tuple[str, int] | None:
        """A token for one of the workload's identities; None when it has no such identity."""
        principal = self._identity(name, {"client_id": client_id} if client_id else {})
        return self._tokens.issue(principal, resource) if isinstance(principal, Principal) else None

    def _token(self, request: Request, name: str) -> Response:
        found = self._identity(name, request.query)
        if isinstance(found, str):
            return _error("invalid_request", found)
        resource = audience(request.query.get("resource", ""))
        if not self._tokens.issues_for(resource):
            return _error("invalid_resource", f"AADSTS500011: no resource principal named '{resource}'")
        token, expiry = self._tokens.issue(found, resource)
        body: dict[str, Any] = {
            "access_token": token,
            "client_id": found.client_id,
            "expires_in": "3599",
            "expires_on": str(expiry),
            "not_before": str(expiry - 3600),
            "resource": resource,
            "token_type": "Bearer",
        }
        return Response.json(body)

    def _identity(self, name: str, query: dict[str, str]) -> Principal | str:
        """The identity asked for among those of the workload, or why there is none."""
        held = self._store.document(KIND, name) if name else None
        given = {fold(resource_id) for resource_id in (held or {}).get("identities", [])}
        mine = [
            principal
            for object_id, value in self._store.documents(PRINCIPAL).items()
            if fold(value["resource_id"]) in given and (principal := self._directory.find(object_id))
        ]
        client_id = query.get("client_id") or query.get("clientid")
        resource_id = query.get("msi_res_id") or query.get("mi_res_id")
        if client_id:
            mine = [principal for principal in mine if principal.client_id == client_id.lower()]
        elif resource_id:
            mine = [principal for principal in mine if fold(principal.resource_id) == fold(resource_id)]
        elif object_id := query.get("object_id") or query.get("principal_id"):
            mine = [principal for principal in mine if principal.object_id == object_id.lower()]
        else:
            system = [one for one in mine if "/userassignedidentities/" not in one.resource_id.lower()]
            mine = system or mine
        if not mine:
            return "Identity not found"
        if len(mine) > 1:
            return (
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the "
                "identity in the token request"
            )
        return mine[0]


def _error(code: str, text: str, status: int = 400) -> Response:
    return Response.json({"error": code, "error_description": text}, status)
