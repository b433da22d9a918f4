"""``NAME.azurecr.io``: who holds which image. Tokens, whether a manifest is there, and its deletion.

The flow is Azure's own (azure.github.io/acr/AAD-OAuth.html, read 2026-11): a token of the tenant is exchanged
for a refresh token of the registry, and that for an access token of some scope.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from emulator.arm.store import Store
from emulator.containerregistry.registries import REGISTRY
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.identity.tokens import audience
from emulator.images.image import ImageError
from emulator.images.references import BadReference, Reference, parse
from emulator.images.store import Images
from emulator.network.denied import unreachable
from emulator.network.reach import Reach
from emulator.principal import Principal

Json = dict[str, Any]
OWN: Final = "https://containerregistry.azure.net"
ARM: Final = ("https://management.azure.com", "https://management.core.windows.net")
HERE: Final = (
    "an image can be looked for and deleted, and is not pushed or pulled; build with `az acr build` or "
    "`mlops deploy`, bring base images in with `az acr import`"
)
PULL: Final = f"{REGISTRY}/pull/read"
DELETE: Final = f"{REGISTRY}/artifacts/delete"
MANIFEST: Final = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<version>[^/]+)")
TAG: Final = re.compile(r"/acr/v1/(?P<repository>.+)/_tags/(?P<version>[^/]+)")


class RegistryError(AzureError):
    """An error in the words of the registry API, whose body is a list."""

    def body(self) -> Json:
        return {"errors": [{"code": self.code, "message": self.message}]}


class DataPlane:
    """Answers the requests to all registries."""

    def __init__(self, store: Store, identity: Identity, images: Images, reach: Reach) -> None:
        self._store, self._identity, self._images, self._reach = store, identity, images, reach

    def handle(self, request: Request) -> Response:
        """One request; AzureError for every refusal."""
        registry = self._registry(request.host)
        self._admit(request, registry)
        match request.method, request.path:
            case "POST", "/oauth2/exchange":
                return self._exchange(request, registry)
            case "POST", "/oauth2/token":
                return self._token(request, registry)
            case "GET", "/v2/":
                self._principal(request)
                return Response.json({})
            case "HEAD" | "DELETE", path if found := MANIFEST.fullmatch(path):
                return self._manifest(request, registry, _reference(request.host, found))
            case "DELETE", path if found := TAG.fullmatch(path):
                return self._untag(request, registry, _reference(request.host, found))
            case _:
                raise NotEmulated(f"{request.describe()} (the registry API: {HERE})")

    def _registry(self, server: str) -> Json:
        for registry in self._store.by_type(REGISTRY):
            if registry["properties"]["loginServer"] == server:
                return registry
        raise RegistryError(
            404, "NAME_UNKNOWN", f"No registry {server} exists here; in Azure its name would not resolve."
        )

    def _admit(self, request: Request, registry: Json) -> None:
        """403 in the words of docker/build-push-action#1214 where the networks keep the caller out."""
        denied = self._reach.denied(request.place, registry["id"], "registry")
        if denied is not None and denied.kind == "lost":
            raise unreachable(request.host, denied)
        if denied is not None:
            raise RegistryError(
                403,
                "DENIED",
                f"client with IP '{denied.address}' is not allowed access. Refer "
                f"https://aka.ms/acr/firewall to grant access. {denied.why}.",
            )

    def _exchange(self, request: Request, registry: Json) -> Response:
        form = dict(parse_qsl(request.body.decode("ascii", errors="replace")))
        if form.get("grant_type") != "access_token":
            raise NotEmulated(f"/oauth2/exchange with the grant_type '{form.get('grant_type', '')}'")
        policies = registry["properties"].get("policies") or {}
        arm = (policies.get("azureADAuthenticationAsArmPolicy") or {}).get("status", "enabled") == "enabled"
        taken = {OWN, *(ARM if arm else ())}
        principal = self._bearer(form.get("access_token", ""), taken, request)
        token, _ = self._identity.tokens.issue(principal, _refreshing(request.host))
        return Response.json({"refresh_token": token})

    def _token(self, request: Request, registry: Json) -> Response:
        form = dict(parse_qsl(request.body.decode("ascii", errors="replace")))
        if form.get("grant_type") != "refresh_token":
            raise NotEmulated(f"/oauth2/token with the grant_type '{form.get('grant_type', '')}'")
        principal = self._bearer(form.get("refresh_token", ""), {_refreshing(request.host)}, request)
        token, _ = self._identity.tokens.issue(
            principal, f"https://{request.host}", more={"scope": form.get("scope", "")}
        )
        return Response.json({"access_token": token})

    def _bearer(self, token: str, audiences: set[str], request: Request) -> Principal:
        try:
            claims = self._identity.tokens.claims(token)
        except AzureError as error:
            raise _unauthorized(request.host) from error
        principal = self._identity.directory.find(claims["oid"])
        if principal is None or audience(claims["aud"]) not in audiences:
            raise _unauthorized(request.host)
        return principal

    def _principal(self, request: Request) -> Principal:
        _, _, token = request.headers.get("authorization", "").partition(" ")
        return self._bearer(token.strip(), {f"https://{request.host}"}, request)

    def _require(self, request: Request, registry: Json, action: str, repository: str) -> None:
        if not self._identity.allowed(self._principal(request), action, registry["id"]):
            raise _unauthorized(request.host, repository)

    def _manifest(self, request: Request, registry: Json, reference: Reference) -> Response:
        looks = request.method == "HEAD"
        self._require(request, registry, PULL if looks else DELETE, reference.repository)
        if not looks and not reference.digest:
            raise RegistryError(405, "UNSUPPORTED", "The operation is unsupported.")
        digest = self._digest(reference)
        if looks:
            return Response(200, {"docker-content-digest": digest})
        self._images.delete(reference, digest)
        return Response(202)

    def _untag(self, request: Request, registry: Json, reference: Reference) -> Response:
        self._require(request, registry, DELETE, reference.repository)
        self._digest(reference)
        self._images.untag(reference)
        return Response(202)

    def _digest(self, reference: Reference) -> str:
        try:
            return self._images.digest(reference)
        except ImageError as error:
            known = self._images.names(reference.registry, f"{reference.repository}:") or self._images.names(
                reference.registry, f"{reference.repository}@"
            )
            code, what = (
                ("MANIFEST_UNKNOWN", f"manifest {reference} is not found")
                if known
                else ("NAME_UNKNOWN", f"repository {reference.repository} is not found")
            )
            raise RegistryError(404, code, what) from error


def _reference(server: str, found: re.Match[str]) -> Reference:
    repository, version = found["repository"], found["version"]
    separator = "@" if version.startswith("sha256:") else ":"
    try:
        return parse(f"{server}/{repository}{separator}{version}")
    except BadReference as error:
        raise RegistryError(400, "NAME_INVALID", str(error)) from error


def _refreshing(server: str) -> str:
    return f"https://{server}/oauth2/token"


def _unauthorized(server: str, repository: str = "") -> RegistryError:
    scope = f',scope="repository:{repository}:pull"' if repository else ""
    challenge = f'Bearer realm="https://{server}/oauth2/token",service="{server}"{scope}'
    return RegistryError(
        401,
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization for more information.",
        headers={"www-authenticate": challenge},
    )
