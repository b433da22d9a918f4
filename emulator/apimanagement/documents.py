"""What Azure refuses of policies, named values and backends before it keeps them.

Codes and the sentence on named values are those of reports in Azure/azure-rest-api-specs and of the portal;
no policy runs here.
"""

from __future__ import annotations

import re
from typing import Any, Final
from xml.etree import ElementTree

from emulator.apimanagement.services import SERVICE
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vaults

NAMED: Final = re.compile(r"\{\{([\w.-]+)\}\}")
SECRET: Final = re.compile(r"https://([^./]+)\.vault\.azure\.net/secrets/([^/]+)(?:/([^/]+))?/?")
POLICIES: Final = ("policies", "apis/policies", "apis/operations/policies", "products/policies")
FRAGMENT: Final = f"{SERVICE}/policyFragments"
READ: Final = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
# With the format "rawxml" an expression may stand unescaped, as no XML parser takes it.
PARSED: Final = "xml"

Json = dict[str, Any]


def install(arm: Arm, identity: Identity, vaults: Vaults, secrets: Secrets) -> None:
    """Register the hooks."""

    def policy(put: Put) -> None:
        _check_policy(arm, put, "policies")

    for path in POLICIES:
        arm.before_put(f"{SERVICE}/{path}")(policy)

    @arm.before_put(FRAGMENT)
    def fragment(put: Put) -> None:
        _check_policy(arm, put, "fragment")

    @arm.before_put(f"{SERVICE}/namedValues")
    def named_value(put: Put) -> None:
        given: Json | None = put.properties.get("keyVault")
        if given:
            _check_secret(arm, identity, vaults, secrets, put, str(given.get("secretIdentifier", "")))
        elif put.old is None and not put.properties.get("value"):
            raise _invalid("value", "Value should not be empty.")


def _service(resource_id: str) -> str:
    return "/".join(resource_id.split("/")[:9])


def _check_policy(arm: Arm, put: Put, root: str) -> None:
    content, form = str(put.properties.get("value") or ""), put.properties.get("format") or PARSED
    if form == PARSED:
        try:
            parsed = ElementTree.fromstring(content)  # noqa: S314 - Python's expat expands no entity without end
        except ElementTree.ParseError as error:
            line, column = error.position
            raise _invalid("representation", f"{error} (line {line}, column {column + 1})") from error
        if parsed.tag != root:
            raise _invalid("representation", f"'{parsed.tag}' is not allowed here; '{root}' is expected.")
        for one in parsed.iter("include-fragment"):
            name = one.get("fragment-id") or ""
            if arm.find(f"{_service(put.id)}/policyFragments/{name}") is None:
                raise _invalid("include-fragment", f"Policy fragment '{name}' could not be found.")
        for one in parsed.iter("set-backend-service"):
            name = one.get("backend-id") or ""
            if name and not NAMED.search(name) and not _has_backend(arm, put.id, name):
                raise _invalid("set-backend-service", f"Backend with id '{name}' could not be found.")
    for name in NAMED.findall(content):
        if not _has_value(arm, put.id, name):
            raise _invalid("representation", f"Cannot find a property '{name}'")


def _has_backend(arm: Arm, resource_id: str, name: str) -> bool:
    return name.startswith("@(") or arm.find(f"{_service(resource_id)}/backends/{name}") is not None


def _has_value(arm: Arm, resource_id: str, name: str) -> bool:
    values = arm.store.children(f"{_service(resource_id)}/namedValues")
    return any(one["properties"].get("displayName") == name for one in values)


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
    try:
        secrets.get(vault.name, match[2], match[3] or "")
    except AzureError as error:
        raise _invalid(
            "secretIdentifier", f"Failed to access Key Vault secret {identifier}: {error}"
        ) from error


def _invalid(target: str, message: str) -> AzureError:
    return AzureError(
        400,
        "ValidationError",
        "One or more fields contain incorrect values:",
        [{"code": "ValidationError", "target": target, "message": message}],
    )
