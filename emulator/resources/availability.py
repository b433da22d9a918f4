"""``checkNameAvailability``: whether a name that must be unique in all of Azure can still be had."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.apimanagement import softdelete
from emulator.arm import catalog, rules
from emulator.arm.ids import parse
from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.keyvault.vaults import Vaults
from emulator.principal import Principal
from emulator.resources.listing import SUBSCRIPTION_PATH

# the type that a request without one means, and what the service calls a name that it refuses
DEFAULTS: Final[dict[str, tuple[str, str]]] = {
    "microsoft.apimanagement": ("Microsoft.ApiManagement/service", "Invalid"),
    "microsoft.containerregistry": ("Microsoft.ContainerRegistry/registries", "Invalid"),
    "microsoft.keyvault": ("Microsoft.KeyVault/vaults", "AccountNameInvalid"),
    "microsoft.storage": ("Microsoft.Storage/storageAccounts", "AccountNameInvalid"),
}


def install(arm: Arm, store: Store, identity: Identity, vaults: Vaults) -> None:
    """The action of each service that has global names."""

    @arm.special("POST", rf"{SUBSCRIPTION_PATH}/providers/(?P<namespace>[^/]+)/checkNameAvailability")
    def check(request: Request, match: re.Match[str], principal: Principal) -> Response:
        scope = f"/subscriptions/{match['subscription']}"
        arm.get(scope)
        default, invalid = DEFAULTS.get(match["namespace"].lower(), ("", "Invalid"))
        identity.require(
            principal, f"{match['namespace']}/checknameavailability/{'action' if default else 'read'}", scope
        )
        body: Any = request.json()
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name:
            raise AzureError(400, "InvalidRequestContent", "The request names no 'name' to check.")
        kind = str(body.get("type") or default)
        row = catalog.find(kind)
        if row is None or row.unique != "global" or not kind.lower().startswith(match["namespace"].lower()):
            raise NotEmulated(f"{request.describe()} for type '{kind}'")
        return Response.json(_answer(scope, kind, name, invalid))

    def _answer(scope: str, kind: str, name: str, invalid: str) -> dict[str, Any]:
        parsed = parse(f"{scope}/resourceGroups/-/providers/{kind}/{name}")
        if parsed is None or parsed.is_collection:
            return _refused(invalid, f"'{name}' is not a valid name.")
        try:
            rules.check_name(store, parsed)
        except AzureError as error:
            return _refused("AlreadyExists" if error.status == 409 else invalid, error.message)
        deleted = {held["name"].lower() for held in vaults.deleted()}
        if kind.lower() == "microsoft.keyvault/vaults" and name.lower() in deleted:
            return _refused("AlreadyExists", f"A deleted vault still has the name '{name}'.")
        gone = {held["name"].lower() for held in softdelete.deleted(store)}
        if kind.lower() == "microsoft.apimanagement/service" and name.lower() in gone:
            return _refused("AlreadyExists", f"A deleted service still has the name '{name}'.")
        return {"nameAvailable": True}


def _refused(reason: str, message: str) -> dict[str, Any]:
    return {"nameAvailable": False, "reason": reason, "message": message}
