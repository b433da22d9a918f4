"""login.microsoftonline.com: discovery, keys, and the token endpoint for applications and people."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import jwt

from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.home import Home
from emulator.http import Request, Response
from emulator.identity import users
from emulator.identity.directory import SIGNED_IN, TENANT_ID, Directory
from emulator.identity.tokens import AUDIENCES, ISSUER, Tokens, audience, check_readable
from emulator.identity.workflows import GITHUB
from emulator.principal import Principal

HOSTS: Final = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net")
BASE: Final = f"https://login.microsoftonline.com/{TENANT_ID}"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALWAYS: Final = ("openid", "profile", "offline_access")  # scopes that MSAL adds to each request
EXCHANGE: Final = "api://AzureADTokenExchange"
CREDENTIALS: Final = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"


class Refused(Exception):
    """A token request that is refused: OAuth error, AADSTS number and what it means."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text

    def response(self) -> Response:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace = str(uuid.uuid4())
        text = f"AADSTS{self.number}: {self.text} Trace ID: {trace} Timestamp: {now}"
        body = {
            "error": self.error,
            "error_description": text,
            "error_codes": [self.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": trace,
        }
        return Response.json(body, self.status)


class Authority:
    """Answers the requests of azure-identity and msal."""

    def __init__(self, home: Home, store: Store, directory: Directory, tokens: Tokens) -> None:
        self._home = home
        self._store = store
        self._directory = directory
        self._tokens = tokens
        # issuer -> its public key set, for federated credentials; a cluster adds its own
        self.issuers: dict[str, Callable[[], dict[str, Any]]] = {ISSUER: tokens.jwks, GITHUB: tokens.jwks}

    def handle(self, request: Request) -> Response:
        """One request."""
        path = request.path.rstrip("/")
        if path == "/common/discovery/instance":
            return Response.json(_instance())
        tenant, _, rest = path.lstrip("/").partition("/")
        try:
            if tenant.lower() not in {TENANT_ID, "common", "organizations"}:
                raise Refused(
                    400,
                    "invalid_request",
                    90002,
                    f"Tenant '{tenant}' not found. The emulated tenant is {TENANT_ID}.",
                )
            if request.method == "GET" and rest in (
                "v2.0/.well-known/openid-configuration",
                ".well-known/openid-configuration",
            ):
                return Response.json(_configuration())
            if request.method == "GET" and rest in ("discovery/v2.0/keys", "discovery/keys"):
                return Response.json(self._tokens.jwks())
            if request.method == "GET" and rest.startswith("userrealm/"):
                return Response.json(users.realm(rest.removeprefix("userrealm/")))
            if request.method == "POST" and rest in ("oauth2/v2.0/token", "oauth2/token"):
                return self._token(request)
        except Refused as refused:
            return refused.response()
        raise NotEmulated(request.describe())

    def _token(self, request: Request) -> Response:
        form = {key: values[-1] for key, values in parse_qs(request.body.decode(errors="replace")).items()}
        if form.get("grant_type") == "password":
            return self._person(request, form)
        if form.get("grant_type") != "client_credentials":
            raise Refused(
                400,
                "unsupported_grant_type",
                70003,
                f"The app requested an unsupported grant type '{form.get('grant_type', '')}'. "
                "Only client_credentials and password are emulated.",
            )
        principal = self._client(form)
        resource = self._resource(form.get("scope") or form.get("resource") or "")
        token, expiry = self._tokens.issue(principal, resource)
        answer = _lifetime(expiry)
        if request.path.endswith("/oauth2/token"):
            answer |= {"expires_on": str(expiry), "resource": resource}
        return Response.json({**answer, "access_token": token})

    def _person(self, request: Request, form: dict[str, str]) -> Response:
        """A token for a person, who signs in by name and password at the command line's application."""
        client_id = form.get("client_id", "").lower()
        if client_id != users.COMMAND_LINE:
            words = f"{request.describe()}: people sign in by the application {users.COMMAND_LINE} alone"
            raise NotEmulated(words)
        user = users.signed_in(self._home, form.get("username", ""), form.get("password", ""))
        if user is None:
            raise Refused(
                400,
                "invalid_grant",
                50126,
                "Error validating credentials due to invalid username or password.",
            )
        scopes = [one for one in form.get("scope", "").split() if one not in ALWAYS]
        resource = self._resource(scopes[0] if scopes else "")
        token, expiry = self._tokens.issue(user, resource, client_id=client_id, more=users.claims(user))
        return Response.json(
            {
                **_lifetime(expiry),
                "scope": f"{resource}/user_impersonation {resource}/.default",
                "access_token": token,
                "id_token": self._tokens.id_token(user, client_id),
                "client_info": users.client_info(user, TENANT_ID),
            }
        )

    def _resource(self, asked: str) -> str:
        resource = audience(asked)
        if not self._tokens.issues_for(resource):
            raise Refused(
                400,
                "invalid_resource",
                500011,
                f"The resource principal named {asked or '(none)'} was not found in the tenant. Known: "
                f"{', '.join(sorted(AUDIENCES))}.",
            )
        return resource

    def _client(self, form: dict[str, str]) -> Principal:
        client_id = form.get("client_id", "")
        principal = self._directory.by_client(client_id)
        if principal is None:
            raise Refused(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id}' was not found in the directory.",
            )
        if "client_assertion" in form:
            self._check_assertion(principal, form)
            return principal
        given = form.get("client_secret", "")
        if principal.object_id != SIGNED_IN.object_id or not hmac.compare_digest(
            given.encode(), self._home.secret(self._home.client_secret).encode()
        ):
            raise Refused(
                401,
                "invalid_client",
                7000215,
                f"Invalid client secret provided for app '{client_id}'. Take the one of `emulator env`.",
            )
        return principal

    def _check_assertion(self, principal: Principal, form: dict[str, str]) -> None:
        """The assertion must be signed by its issuer and named by a federated credential of the identity."""
        token = form["client_assertion"]
        try:
            check_readable(token)
            unverified = jwt.decode(token, options={"verify_signature": False})
            issuer, subject = str(unverified.get("iss", "")), str(unverified.get("sub", ""))
            jwks = self.issuers.get(issuer)
            if form.get("client_assertion_type") != ASSERTION or jwks is None:
                raise Refused(
                    400, "invalid_client", 700211, f"No matching federated identity record for '{issuer}'."
                )
            key_id = jwt.get_unverified_header(token).get("kid")
            key = next((key for key in jwks()["keys"] if key.get("kid") == key_id), None)
            if key is None:
                raise Refused(401, "invalid_client", 5000224, f"No key '{key_id}' at issuer '{issuer}'.")
            jwt.decode(
                token,
                jwt.PyJWK(key).key,
                algorithms=["RS256"],
                audience=EXCHANGE,
                options={"require": ["exp"]},
            )
        except (jwt.PyJWTError, AzureError, TypeError) as error:  # TypeError: a time that is no number
            raise Refused(
                401, "invalid_client", 700027, f"The client assertion is not valid: {error}."
            ) from error
        for credential in self._store.by_type(CREDENTIALS, principal.resource_id or "/none"):
            held = credential["properties"]
            if held.get("issuer") == issuer and held.get("subject") == subject:
                return
        raise Refused(
            400, "invalid_client", 70021, f"No matching federated identity record for subject '{subject}'."
        )


def _lifetime(expiry: int) -> dict[str, Any]:
    lifetime = expiry - int(datetime.now(UTC).timestamp())
    return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}


def _instance() -> dict[str, Any]:
    return {
        "tenant_discovery_endpoint": f"{BASE}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": HOSTS[0], "preferred_cache": "login.windows.net", "aliases": list(HOSTS)}
        ],
    }


def _configuration() -> dict[str, Any]:
    return {
        "issuer": f"{BASE}/v2.0",
        "token_endpoint": f"{BASE}/oauth2/v2.0/token",
        "authorization_endpoint": f"{BASE}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{BASE}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{BASE}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    }
