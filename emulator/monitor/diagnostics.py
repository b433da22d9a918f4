"""What Azure refuses of diagnostic settings.

Categories are those of "Supported resource logs" (read 2026-11), of the types that are in the table. The
words are those that users have quoted: hashicorp/terraform-provider-azurerm#2985 (a category),
azure-rest-api-specs issue 22719 (categories beside groups), azure-powershell issue 25880 (types), and reports
of "Diagnostic settings does not support retention" and "Data sink … is already used".
"""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold, parse
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

SETTING: Final = "Microsoft.Insights/diagnosticSettings"
SINKS: Final = (
    "workspaceId",
    "storageAccountId",
    "eventHubAuthorizationRuleId",
    "marketplacePartnerId",
)
ALL: Final = "allLogs"
# type (lower case) -> its categories of logs; others are not checked
LOGS: Final[dict[str, str]] = {
    "microsoft.apimanagement/service": (
        "GatewayLogs WebSocketConnectionLogs DeveloperPortalAuditLogs GatewayLlmLogs GatewayMCPLogs"
    ),
    "microsoft.containerregistry/registries": (
        "ContainerRegistryRepositoryEvents ContainerRegistryLoginEvents"
    ),
    "microsoft.containerservice/managedclusters": (
        "kube-apiserver kube-audit kube-audit-admin kube-controller-manager kube-scheduler "
        "cluster-autoscaler cloud-controller-manager guard csi-azuredisk-controller csi-azurefile-controller "
        "csi-snapshot-controller karpenter-events fleet-member-agent fleet-mcs-controller-manager "
        "fleet-member-net-controller-manager"
    ),
    "microsoft.keyvault/vaults": "AuditEvent AzurePolicyEvaluationDetails",
    "microsoft.storage/storageaccounts": "",
    **{
        f"microsoft.storage/storageaccounts/{service}services": "StorageRead StorageWrite StorageDelete"
        for service in ("blob", "file", "queue", "table")
    },
}
# types (lower case) that have no diagnostic settings
WITHOUT: Final = {
    "microsoft.compute/disks",
    "microsoft.network/networkwatchers",
    "microsoft.network/privateendpoints",
}

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Check the settings."""

    @arm.before_put(SETTING)
    def setting(put: Put) -> None:
        owner = put.id[: fold(put.id).rindex("/providers/microsoft.insights/")]
        parsed = parse(owner)
        kind = parsed.type.lower() if parsed else ""
        if kind in WITHOUT:
            words = f"The resource type '{kind}' does not support diagnostic settings."
            raise AzureError(400, "ResourceTypeNotSupported", words)
        if not any(put.properties.get(sink) for sink in SINKS):
            raise _refused(
                f"The diagnostic setting {put.id} has no destination: set one of {', '.join(SINKS)}."
            )
        _check_logs(kind, put.properties)
        _check_retention(put)
        _check_sinks(arm, put)


def _check_logs(kind: str, properties: Json) -> None:
    logs: list[Json] = properties.get("logs") or []
    if any(one.get("categoryGroup") for one in logs) and any(one.get("category") for one in logs):
        raise _refused("Diagnostic setting does not support mix of log category and log category group.")
    known = LOGS.get(kind)
    for one in logs:
        category = str(one.get("category") or "")
        if category and known is not None and fold(category) not in map(fold, known.split()):
            raise _refused(f"Category '{category}' is not supported.")


def _check_retention(put: Put) -> None:
    if put.old is not None:
        return
    for one in (*(put.properties.get("logs") or []), *(put.properties.get("metrics") or [])):
        if (one.get("retentionPolicy") or {}).get("enabled"):
            raise _refused("Diagnostic settings does not support retention for new diagnostic settings.")


def _check_sinks(arm: Arm, put: Put) -> None:
    """409 where another setting of the resource sends a category to the same place."""
    own = _sent(put.properties)
    for other in arm.store.children(put.id.rsplit("/", 1)[0]):
        if fold(other["id"]) == fold(put.id):
            continue
        for sink in SINKS:
            held = put.properties.get(sink)
            if not held or fold(str(held)) != fold(str(other["properties"].get(sink) or "")):
                continue
            shared = own & _sent(other["properties"])
            if shared:
                raise AzureError(
                    409,
                    "Conflict",
                    f"Data sink '{held}' is already used in diagnostic setting '{other['name']}' for "
                    f"category '{min(shared)}'. Data sinks can't be reused in different settings on the "
                    "same category for the same resource.",
                )


def _sent(properties: Json) -> set[str]:
    """The categories, and groups of them, that a setting sends."""
    rows: list[Json] = [*(properties.get("logs") or []), *(properties.get("metrics") or [])]
    return {str(one.get("category") or one.get("categoryGroup") or "") for one in rows if one.get("enabled")}


def _refused(message: str) -> AzureError:
    return AzureError(400, "BadRequest", message)
