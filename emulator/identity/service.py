"""Who asks, proven by a token, and what they may do, by role assignments: the questions of every service."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.home import Home
from emulator.http import Request
from emulator.identity.access import Access
from emulator.identity.authority import Authority
from emulator.identity.directory import TENANT_ID, Directory
from emulator.identity.tokens import Tokens, audience
from emulator.identity.workflows import Run, begin
from emulator.identity.workloads import Workloads
from emulator.principal import Principal


class Identity:
    """The parts of identity, and the two questions that every service asks."""

    def __init__(self, home: Home, store: Store) -> None:
        self.directory = Directory(store)
        self.tokens = Tokens(home)
        self.access = Access(store)
        self._store = store
        self.authority = Authority(home, store, self.directory, self.tokens)
        self.workloads = Workloads(store, self.directory, self.tokens)

    def workflow(self, name: str) -> Run:
        """A run of CI's workflow that signs in as the identity of that name."""
        return begin(self._store, self.directory, self.tokens, name)

    def principal(self, request: Request, audiences: str | Iterable[str]) -> Principal:
        """Who sent the request, from its bearer token; 401 without a valid one for one of the audiences."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        challenge = {
            "www-authenticate": f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT_ID}", '
            'error="invalid_token"'
        }
        if scheme.lower() != "bearer" or not token:
            raise AzureError(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing or is no bearer token.",
                headers=challenge,
            )
        claims = self.tokens.claims(token.strip())
        wanted = {audiences} if isinstance(audiences, str) else set(audiences)
        if audience(claims["aud"]) not in {audience(one) for one in wanted}:
            raise AzureError(
                401,
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource '{claims['aud']}'. It "
                "should "
                f"exactly match one of {', '.join(sorted(wanted))}.",
                headers=challenge,
            )
        principal = self.directory.find(claims["oid"])
        if principal is None:
            raise AzureError(
                401,
                "InvalidAuthenticationToken",
                f"The principal '{claims['oid']}' of the access token does not exist any more.",
                headers=challenge,
            )
        return principal

    def allowed(self, principal: Principal, action: str, scope_id: str, *, data: bool = False) -> bool:
        """Whether a role assignment, direct, through a group or inherited, allows the action."""
        return self.access.allowed(principal, action, scope_id, data=data)

    def require(self, principal: Principal, action: str, scope_id: str, *, data: bool = False) -> None:
        """403 AuthorizationFailed, naming principal, action and scope, unless ``allowed``."""
        if not self.allowed(principal, action, scope_id, data=data):
            raise AzureError(
                403,
                "AuthorizationFailed",
                f"The client '{principal.client_id}' ({principal.name}) with object id "
                f"'{principal.object_id}' "
                f"does not have authorization to perform {'data ' if data else ''}action '{action}' over "
                "scope "
                f"'{scope_id or '/'}' or the scope is invalid. If access was recently granted, please "
                "refresh "
                "your credentials.",
            )
