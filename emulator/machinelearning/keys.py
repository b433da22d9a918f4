"""`listKeys` of a workspace: the keys of the resources that it stands on."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Action, Arm
from emulator.machinelearning.names import WORKSPACE

Json = dict[str, Any]
PASSWORDS: Final = "listCredentials"


def install(arm: Arm) -> None:
    """Register the actions."""

    @arm.action(WORKSPACE, "listKeys")
    def keys(action: Action) -> Json:
        properties = arm.get(action.id)["properties"]
        found: Json = _storage_key(properties)
        component = arm.find(str(properties.get("applicationInsights") or "")) or {}
        instrumentation = (component.get("properties") or {}).get("InstrumentationKey")
        if instrumentation:
            found["appInsightsInstrumentationKey"] = instrumentation
        registry = arm.find(str(properties.get("containerRegistry") or ""))
        if registry and registry["properties"].get("adminUserEnabled"):
            credentials = _act(registry["id"], PASSWORDS)
            found["containerRegistryCredentials"] = {"location": registry["location"], **credentials}
        return found

    @arm.action(WORKSPACE, "listStorageAccountKeys")
    def storage_keys(action: Action) -> Json:
        found = _storage_key(arm.get(action.id)["properties"])
        return {name: value for name, value in found.items() if name == "userStorageKey"}

    def _storage_key(properties: Json) -> Json:
        """The account's id, and its key unless the account takes none."""
        account = arm.get(properties["storageAccount"])
        found: Json = {"userStorageArmId": account["id"]}
        if account["properties"].get("allowSharedKeyAccess") is not False:
            found["userStorageKey"] = _act(account["id"], "listKeys")["keys"][0]["value"]
        return found

    def _act(resource_id: str, name: str) -> Json:
        return arm.act(Action(fold(resource_id), name, {}, {}, {}, None))
