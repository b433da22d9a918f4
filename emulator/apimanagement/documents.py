"""What Azure refuses of policies and named values before it keeps them.

Codes and the sentence on named values are those of reports in Azure/azure-rest-api-specs and of the portal;
what is refused of a policy is in `policies.validation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from emulator.apimanagement.policies import reading, tree
from emulator.apimanagement.policies.errors import PolicyError
from emulator.apimanagement.policies.tree import DOCUMENT
from emulator.apimanagement.policies.validation import details, validate
from emulator.apimanagement.services import SERVICE
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError, NotEmulated
from emulator.identity.service import Identity
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vaults

SECRET: Final = re.compile(r"https://([^./]+)\.vault\.azure\.net/secrets/([^/]+)(?:/([^/]+))?/?")
POLICIES: Final = {
    "global": "policies",
    "product": "products/policies",
    "api": "apis/policies",
    "operation": "apis/operations/policies",
}
FRAGMENT: Final = f"{SERVICE}/policyFragments"
READ: Final = "Microsoft.KeyVault/vaults/secrets/getSecret/action"

Json = dict[str, Any]


def install(arm: Arm, identity: Identity, vaults: Vaults, secrets: Secrets) -> None:
    """Register the hooks."""

    def check(scope: str) -> Callable[[Put], None]:
        return lambda put: _check_policy(arm, put, DOCUMENT, scope)

    for scope, path in POLICIES.items():
        arm.before_put(f"{SERVICE}/{path}")(check(scope))

    @arm.before_put(FRAGMENT)
    def fragment(put: Put) -> None:
        _check_policy(arm, put, tree.FRAGMENT, None)

    @arm.before_put(f"{SERVICE}/namedValues")
    def named_value(put: Put) -> None:
        given: Json | None = put.properties.get("keyVault")
        if given:
            _check_secret(arm, identity, vaults, secrets, put, str(given.get("secretIdentifier", "")))
        elif put.old is None and not put.properties.get("value"):
            raise _invalid("value", "Value should not be empty.")


def _service(resource_id: str) -> str:
    return "/".join(resource_id.split("/")[:9])


class _Service:
    """What one service holds that its policies name."""

    def __init__(self, arm: Arm, service: str) -> None:
        self._arm = arm
        self._id = service

    def fragment(self, name: str) -> bool:
        return self._arm.find(f"{self._id}/policyFragments/{name}") is not None

    def backend(self, name: str) -> bool:
        return self._arm.find(f"{self._id}/backends/{name}") is not None

    def named_values(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for one in self._arm.store.children(f"{self._id}/namedValues"):
            properties: Json = one["properties"]
            value = (
                None if properties.get("secret") or properties.get("keyVault") else properties.get("value")
            )
            found[str(properties.get("displayName"))] = value
        return found


def _check_policy(arm: Arm, put: Put, root: str, scope: str | None) -> None:
    content, form = str(put.properties.get("value") or ""), put.properties.get("format") or reading.XML
    if form not in (reading.XML, reading.RAW):
        raise NotEmulated(f"policies of the format '{form}'; send their text as '{reading.RAW}'")
    try:
        document = reading.read(content, form, root)
    except PolicyError as error:
        raise _refused([error]) from error
    found = validate(document, _Service(arm, _service(put.id)), scope)
    if found.errors:
        raise _refused(found.errors)
    found.raise_first()


def _refused(errors: list[PolicyError]) -> AzureError:
    return AzureError(
        400, "ValidationError", "One or more fields contain incorrect values:", list(details(errors))
    )


def _check_secret(
    arm: Arm, identity: Identity, vaults: Vaults, secrets: Secrets, put: Put, identifier: str
) -> None:
    """Azure fetches the secret at once, as the service's identity."""
    match = SECRET.fullmatch(identifier)
    vault = vaults.find(match[1]) if match else None
    if match is None or vault is None:
        raise _invalid("secretIdentifier", f"'{identifier}' is not a secret of a Key Vault that exists.")
    service = arm.get(_service(put.id))
    principal_id = str((service.get("identity") or {}).get("principalId", ""))
    who = identity.directory.find(principal_id)
    if who is None or not identity.allowed(who, READ, vault.id, data=True):
        raise _invalid(
            "secretIdentifier",
            f"Failed to access Key Vault secret {identifier}: the identity of the service has no right to "
            f"'{READ}' there. Grant it Key Vault Secrets User, and try again in some minutes.",
        )
    if _keeps_out(arm.get(vault.id)["properties"]):
        raise _invalid(
            "secretIdentifier",
            f"Failed to access Key Vault secret {identifier}: Client address is not authorized and caller is "
            "not a trusted service.",
        )
    try:
        secrets.get(vault.name, match[2], match[3] or "")
    except AzureError as error:
        raise _invalid(
            "secretIdentifier", f"Failed to access Key Vault secret {identifier}: {error}"
        ) from error


def _keeps_out(vault: Json) -> bool:
    """Whether a vault's firewall lets in no service that Azure trusts ("Use named values", read 2026-11)."""
    acls: Json = vault.get("networkAcls") or {}
    shut = vault.get("publicNetworkAccess") == "Disabled" or acls.get("defaultAction") == "Deny"
    return shut and str(acls.get("bypass") or "AzureServices") != "AzureServices"


def _invalid(target: str, message: str) -> AzureError:
    return AzureError(
        400,
        "ValidationError",
        "One or more fields contain incorrect values:",
        [{"code": "ValidationError", "target": target, "message": message}],
    )
