"""Identity: who asks, proven by a token, and what they may do, by role assignments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from emulator.arm.ids import parse
from emulator.arm.links import linked
from emulator.arm.service import Put
from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.access import Access
from emulator.identity.authority import HOSTS, Authority
from emulator.identity.directory import SIGNED_IN, TENANT_ID, Directory, Principal
from emulator.identity.graph import HOST as GRAPH_HOST
from emulator.identity.graph import Graph
from emulator.identity.tokens import Tokens, audience
from emulator.identity.workloads import IMDS_HOST, Workloads

if TYPE_CHECKING:
    from emulator.app import Emulator

__all__ = ["Identity", "Principal", "install"]

# what it takes to point at a resource from the body of another
LINKED_ACTIONS: Final = {
    "microsoft.managedidentity/userassignedidentities": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
    ),
    "microsoft.network/virtualnetworks/subnets": "Microsoft.Network/virtualNetworks/subnets/join/action",
    "microsoft.network/networksecuritygroups": "Microsoft.Network/networkSecurityGroups/join/action",
    "microsoft.network/natgateways": "Microsoft.Network/natGateways/join/action",
    "microsoft.network/publicipaddresses": "Microsoft.Network/publicIPAddresses/join/action",
    "microsoft.network/routetables": "Microsoft.Network/routeTables/join/action",
}


class Identity:
    """The parts of identity, and the two questions that every service asks."""

    def __init__(self, emulator: Emulator) -> None:
        store = emulator.store
        self.directory = Directory(store)
        self.tokens = Tokens(emulator.home)
        self.access = Access(store)
        self.authority = Authority(emulator.home, store, self.directory, self.tokens)
        self.workloads = Workloads(store, self.directory, self.tokens)

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


def install(emulator: Emulator) -> None:
    """Routes of the authority and of the metadata service; the right to link resources."""
    emulator.identity = identity = Identity(emulator)
    for host in HOSTS:
        emulator.route(host, identity.authority.handle)
    emulator.route(IMDS_HOST, identity.workloads.imds)
    emulator.route(GRAPH_HOST, Graph(emulator).handle)

    @emulator.arm.before_put("*")
    def may_link(put: Put) -> None:
        if put.principal is None or put.principal.object_id == SIGNED_IN.object_id:
            return
        for path, text in linked(put.resource):
            parsed = parse(text)
            action = LINKED_ACTIONS.get(parsed.type.lower()) if parsed else None
            if action and not identity.allowed(put.principal, action, text):
                raise AzureError(
                    403,
                    "LinkedAuthorizationFailed",
                    f"The client '{put.principal.client_id}' ({put.principal.name}) may write '{put.id}'; "
                    "however, "
                    f"it may not perform action '{action}' on the linked scope '{text}' ({path}).",
                )
