"""Microsoft.OperationalInsights/workspaces: what a Log Analytics workspace is given."""

from __future__ import annotations

import base64
import secrets
import uuid
from typing import Any

from emulator import times
from emulator.arm.service import Action, Arm, Put
from emulator.errors import AzureError

WORKSPACE = "Microsoft.OperationalInsights/workspaces"
KEYS = "log-analytics-keys"
DEFAULTS: dict[str, Any] = {
    "sku": {"name": "PerGB2018"},
    "retentionInDays": 30,
    "publicNetworkAccessForIngestion": "Enabled",
    "publicNetworkAccessForQuery": "Enabled",
}
FEATURES: dict[str, Any] = {
    "legacy": 0,
    "searchVersion": 1,
    "enableLogAccessUsingOnlyResourcePermissions": True,
}


def install(arm: Arm) -> None:
    """Register the hooks and actions."""

    @arm.before_put(WORKSPACE)
    def complete(put: Put) -> None:
        properties = put.properties
        old = (put.old or {}).get("properties", {})
        now = times.now()
        for key, value in DEFAULTS.items():
            if properties.get(key) is None:
                properties[key] = value
        days = properties["retentionInDays"]
        if not 7 <= days <= 730:
            raise AzureError(
                400,
                "InvalidParameter",
                f"retentionInDays of workspace {put.resource['name']} is {days}; 7 to 730 days are allowed.",
            )
        properties["features"] = {**FEATURES, **(properties.get("features") or {})}
        properties["workspaceCapping"] = {
            "dailyQuotaGb": -1.0,
            **(properties.get("workspaceCapping") or {}),
            "dataIngestionStatus": "RespectQuota",
        }
        properties["customerId"] = old.get("customerId") or str(uuid.uuid4())
        properties["createdDate"] = old.get("createdDate") or now
        properties["modifiedDate"] = now

    @arm.with_delete(WORKSPACE)
    def forget(resource: dict[str, Any]) -> None:
        arm.store.delete_document(KEYS, resource["id"].lower())

    @arm.action(WORKSPACE, "sharedKeys")
    def shared_keys(action: Action) -> dict[str, str]:
        resource = arm.get(action.id)
        if (resource["properties"].get("features") or {}).get("disableLocalAuth"):
            raise AzureError(
                403,
                "LocalAuthDisabled",
                f"features.disableLocalAuth of workspace {resource['name']} is true: its keys are of no use.",
            )
        key = action.id.lower()
        kept = arm.store.document(KEYS, key)
        if kept is None:
            kept = {name: _key() for name in ("primarySharedKey", "secondarySharedKey")}
            arm.store.put_document(KEYS, key, kept, secret=True)
        return kept


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()
