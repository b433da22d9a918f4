"""Who may do what with secrets: roles when the vault says so, its access policies otherwise."""

from __future__ import annotations

from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.directory import TENANT_ID
from emulator.identity.service import Identity
from emulator.keyvault.errors import VaultError
from emulator.keyvault.vaults import Vault
from emulator.principal import Principal

AUDIENCE = "https://vault.azure.net"
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="{AUDIENCE}"'
SECRETS = "Microsoft.KeyVault/vaults/secrets"
# operation -> (data action, permission of access policies)
OPERATIONS: dict[str, tuple[str, str]] = {
    "set": (f"{SECRETS}/setSecret/action", "set"),
    "get": (f"{SECRETS}/getSecret/action", "get"),
    "list": (f"{SECRETS}/readMetadata/action", "list"),
    "update": (f"{SECRETS}/update/action", "set"),
    "delete": (f"{SECRETS}/delete", "delete"),
    "deleted": (f"{SECRETS}/readMetadata/action", "get"),
    "recover": (f"{SECRETS}/recover/action", "recover"),
    "purge": (f"{SECRETS}/purge/action", "purge"),
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

    def require(self, principal: Principal, vault: Vault, operation: str, name: str = "") -> None:
        """403 Forbidden unless the operation is allowed on the secret ("": on the vault)."""
        action, permission = OPERATIONS[operation]
        scope = f"{vault.id}/secrets/{name}" if name else vault.id
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
        if not self._by_policy(principal, vault, permission):
            raise VaultError(
                403,
                "Forbidden",
                f"The user, group or application 'appid={principal.client_id};oid={principal.object_id}' "
                f"({principal.name}) does not have secrets {permission} permission on key vault "
                f"'{vault.name};location={vault.location}'.",
                "AccessDenied",
            )

    def _by_policy(self, principal: Principal, vault: Vault, permission: str) -> bool:
        holders = {holder.lower() for holder in (principal.object_id, *principal.groups)}
        for policy in vault.policies:
            given = (policy.get("permissions") or {}).get("secrets") or []
            allowed = {str(one).lower() for one in given}
            if str(policy.get("objectId", "")).lower() in holders and allowed & {permission, "all"}:
                return True
        return False
