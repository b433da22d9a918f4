"""Who may do what with secrets and keys: roles when the vault says so, its access policies otherwise."""

from __future__ import annotations

from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.directory import TENANT_ID
from emulator.identity.service import Identity
from emulator.keyvault.errors import VaultError
from emulator.keyvault.vaults import Vault
from emulator.network.denied import Denied, unreachable
from emulator.principal import Principal

AUDIENCE = "https://vault.azure.net"
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="{AUDIENCE}"'
SECRETS = "Microsoft.KeyVault/vaults/secrets"
KEYS = "Microsoft.KeyVault/vaults/keys"
# kind -> operation -> (data action, permission of access policies)
OPERATIONS: dict[str, dict[str, tuple[str, str]]] = {
    "secrets": {
        "set": (f"{SECRETS}/setSecret/action", "set"),
        "get": (f"{SECRETS}/getSecret/action", "get"),
        "list": (f"{SECRETS}/readMetadata/action", "list"),
        "update": (f"{SECRETS}/update/action", "set"),
        "delete": (f"{SECRETS}/delete", "delete"),
        "deleted": (f"{SECRETS}/readMetadata/action", "get"),
        "recover": (f"{SECRETS}/recover/action", "recover"),
        "purge": (f"{SECRETS}/purge/action", "purge"),
    },
    "keys": {
        "create": (f"{KEYS}/create/action", "create"),
        "import": (f"{KEYS}/import/action", "import"),
        "rotate": (f"{KEYS}/rotate/action", "rotate"),
        "get": (f"{KEYS}/read", "get"),
        "list": (f"{KEYS}/read", "list"),
        "update": (f"{KEYS}/update/action", "update"),
        "delete": (f"{KEYS}/delete", "delete"),
        "deleted": (f"{KEYS}/read", "get"),
        "recover": (f"{KEYS}/recover/action", "recover"),
        "purge": (f"{KEYS}/purge/action", "purge"),
        "encrypt": (f"{KEYS}/encrypt/action", "encrypt"),
        "decrypt": (f"{KEYS}/decrypt/action", "decrypt"),
        "wrapKey": (f"{KEYS}/wrap/action", "wrapkey"),
        "unwrapKey": (f"{KEYS}/unwrap/action", "unwrapkey"),
        "sign": (f"{KEYS}/sign/action", "sign"),
        "verify": (f"{KEYS}/verify/action", "verify"),
    },
}
# kind of denial -> (words, inner code), as in microsoft/multimodal-ai#171 and microsoft/AzureTRE#3789
FORBIDDEN: dict[str, tuple[str, str]] = {
    "connection": (
        "Public network access is disabled and request is not from a trusted service nor via an approved "
        "private link.",
        "ForbiddenByConnection",
    ),
    "firewall": (
        "Client address is not authorized and caller is not a trusted service.",
        "ForbiddenByFirewall",
    ),
}


class Gate:
    """Lets a request through, or says why not."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def principal(self, request: Request) -> Principal:
        """Who asks; 401 with the challenge from which clients learn where to get a token."""
        try:
            return self._identity.principal(request, AUDIENCE)
        except AzureError as error:
            missing = not request.headers.get("authorization")
            message = "AKV10000: Request is missing a Bearer or PoP token." if missing else error.message
            raise AzureError(401, "Unauthorized", message, headers={"www-authenticate": CHALLENGE}) from error

    def admit(self, principal: Principal, vault: Vault, denied: Denied | None) -> None:
        """403 Forbidden where the vault's network rules keep the caller out; ``denied``: why they do."""
        if denied is None:
            return
        if denied.kind == "lost":
            raise unreachable(f"{vault.name}.vault.azure.net", denied)
        words, inner = FORBIDDEN[denied.kind]
        address = f"Client address: {denied.address}\r\n" if denied.kind == "firewall" else ""
        issuer = f"https://sts.windows.net/{TENANT_ID}/"
        raise VaultError(
            403,
            "Forbidden",
            f"{words}\r\n{address}Caller: appid={principal.client_id};oid={principal.object_id};iss={issuer}"
            f"\r\nVault: {vault.name};location={vault.location}\r\nWhy: {denied.why}.",
            inner,
        )

    def require(self, principal: Principal, vault: Vault, kind: str, operation: str, name: str = "") -> None:
        """403 Forbidden unless the operation is allowed on the secret or key ("": on the vault)."""
        action, permission = OPERATIONS[kind][operation]
        scope = f"{vault.id}/{kind}/{name}" if name else vault.id
        if vault.rbac:
            if self._identity.allowed(principal, action, scope, data=True):
                return
            raise VaultError(
                403,
                "Forbidden",
                "Caller is not authorized to perform action on resource. If role assignments were changed "
                "recently, please observe propagation time. "
                f"Caller: appid={principal.client_id};oid={principal.object_id} ({principal.name}); "
                f"Action: '{action}'; Resource: '{scope}'; Assignment: (not found); Vault: {vault.name};"
                f"location={vault.location}",
                "ForbiddenByRbac",
            )
        if not self._by_policy(principal, vault, kind, permission):
            raise VaultError(
                403,
                "Forbidden",
                f"The user, group or application 'appid={principal.client_id};oid={principal.object_id}' "
                f"({principal.name}) does not have {kind} {permission} permission on key vault "
                f"'{vault.name};location={vault.location}'.",
                "AccessDenied",
            )

    def _by_policy(self, principal: Principal, vault: Vault, kind: str, permission: str) -> bool:
        holders = {holder.lower() for holder in (principal.object_id, *principal.groups)}
        for policy in vault.policies:
            given = (policy.get("permissions") or {}).get(kind) or []
            allowed = {str(one).lower() for one in given}
            if str(policy.get("objectId", "")).lower() in holders and allowed & {permission, "all"}:
                return True
        return False
