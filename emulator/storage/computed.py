"""What Microsoft.Storage computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import Facts, Table
from emulator.resources.pairs import pair_of

STORAGE: Final = "Microsoft.Storage/storageAccounts"
SERVICES: Final = ("blobServices", "fileServices", "queueServices", "tableServices")
READABLE: Final = ("blob", "dfs", "queue", "table")  # what the second region of RA- accounts answers
DELETED: Final = "only of a deleted one"


def _second(facts: Facts) -> str | None:
    sku = str((facts.resource.get("sku") or {}).get("name", ""))
    return pair_of(facts.text("location")) if sku.endswith(("GRS", "GZRS")) else None


def _second_endpoints(facts: Facts) -> dict[str, str] | None:
    if "_RA" not in str((facts.resource.get("sku") or {}).get("name", "")):
        return None
    hosts = {name: f"{name}.core.windows.net" for name in READABLE} | {"web": "z1.web.core.windows.net"}
    return {name: f"https://{facts.text('name')}-secondary.{host}/" for name, host in hosts.items()}


def _sku_of_account(facts: Facts) -> Any:
    return (facts.store.get(facts.id.rsplit("/", 2)[0]) or {}).get("sku")


COMPUTED: Final[Table] = {
    STORAGE: {
        "properties.secondaryLocation": _second,
        "properties.statusOfSecondary": lambda facts: "available" if _second(facts) else None,
        "properties.secondaryEndpoints": _second_endpoints,
    },
    f"{STORAGE}/fileServices": {"sku": _sku_of_account},
    f"{STORAGE}/fileServices/shares": {
        "etag": '"0x{mark}"',
        "properties.lastModifiedTime": "{changed}",
        "properties.accessTierChangeTime": "{created}",
        "properties.leaseStatus": "unlocked",
        "properties.leaseState": "available",
    },
    f"{STORAGE}/tableServices/tables": {"properties.tableName": "{name}"},
    f"{STORAGE}/managementPolicies": {"properties.lastModifiedTime": "{changed}"},
    f"{STORAGE}/encryptionScopes": {
        "properties.creationTime": "{created}",
        "properties.lastModifiedTime": "{changed}",
    },
}

DEFAULTS: Final[Table] = {
    **{f"{STORAGE}/{service}": {"properties.cors": {"corsRules": []}} for service in SERVICES},
    f"{STORAGE}/fileServices": {
        "properties.cors": {"corsRules": []},
        "properties.shareDeleteRetentionPolicy": {"enabled": True, "days": 7},
    },
    f"{STORAGE}/fileServices/shares": {
        "properties.accessTier": "TransactionOptimized",
        "properties.enabledProtocols": "SMB",
        "properties.shareQuota": 5120,
    },
    f"{STORAGE}/encryptionScopes": {"properties.source": "Microsoft.Storage", "properties.state": "Enabled"},
}

ABSENT: Final = {
    STORAGE: {
        "accountMigrationInProgress": "only while redundancy is changed",
        "blobRestoreStatus": "only while or after blobs are restored",
        "customDomain": "only where it was set",
        "failoverInProgress": "only while a failover runs",
        "geoReplicationStats": "only with $expand=geoReplicationStats",
        "isSkuConversionBlocked": "only while redundancy is changed",
        "keyPolicy": "only where it was set",
        "lastGeoFailoverTime": "only after a failover",
        "sasPolicy": "only where it was set",
    },
    f"{STORAGE}/blobServices/containers": {
        "deletedTime": DELETED,
        "version": DELETED,
        "leaseDuration": "only of a leased one",
        "immutabilityPolicy": "only with a policy, which is a resource of its own",
        "legalHold": "only with a legal hold",
    },
    f"{STORAGE}/fileServices/shares": {
        "accessTierStatus": "only while the tier is changed",
        "deleted": DELETED,
        "deletedTime": DELETED,
        "remainingRetentionDays": DELETED,
        "version": DELETED,
        "leaseDuration": "only of a leased one",
        "shareUsageBytes": "only with $expand=stats",
        "snapshotTime": "only of a snapshot",
        **dict.fromkeys(
            (
                "includedBurstIops",
                "maxBurstCreditsForIops",
                "nextAllowedProvisionedBandwidthDowngradeTime",
                "nextAllowedProvisionedIopsDowngradeTime",
                "nextAllowedQuotaDowngradeTime",
            ),
            "only of provisioned shares of the second version",
        ),
    },
}
