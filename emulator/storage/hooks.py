"""Microsoft.Storage in ARM: what a storage account and its containers are given, and what their end takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emulator import times
from emulator.arm import firewalls
from emulator.arm.service import Action, Arm, Put
from emulator.errors import AzureError
from emulator.storage import metadata, skus
from emulator.storage.accounts import ACCOUNT, BLOB_SERVICE, CONTAINER, Accounts
from emulator.storage.blobs import BlobStore
from emulator.storage.model import etag, http_date

HOSTS = {
    "blob": "blob.core.windows.net",
    "dfs": "dfs.core.windows.net",
    "file": "file.core.windows.net",
    "queue": "queue.core.windows.net",
    "table": "table.core.windows.net",
    "web": "z1.web.core.windows.net",
}
DEFAULTS: dict[str, Any] = {
    "accessTier": "Hot",
    "allowBlobPublicAccess": False,
    "allowCrossTenantReplication": False,
    "minimumTlsVersion": "TLS1_0",
    "supportsHttpsTrafficOnly": True,
    "networkAcls": {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [],
        "virtualNetworkRules": [],
    },
    "privateEndpointConnections": [],
    "statusOfPrimary": "available",
}


def install(arm: Arm, accounts: Accounts, blobs: BlobStore) -> None:
    """Register the hooks and actions."""

    @arm.before_put(ACCOUNT)
    def complete_account(put: Put) -> None:
        sku = put.resource.get("sku")
        name = str(sku.get("name", "")) if isinstance(sku, dict) else ""
        kind, location = str(put.resource.get("kind", "")), str(put.resource.get("location", ""))
        skus.check(put.resource["name"], kind, name, location)
        put.resource["sku"] = {**sku, "tier": name.split("_")[0]} if isinstance(sku, dict) else sku
        properties = put.properties
        for key, value in DEFAULTS.items():
            properties.setdefault(key, value)
        _check_firewall(properties["networkAcls"])
        now = times.now()
        old = (put.old or {}).get("properties", {})
        properties["encryption"] = _encryption(properties.get("encryption"), old.get("creationTime", now))
        properties["creationTime"] = old.get("creationTime", now)
        properties["keyCreationTime"] = old.get("keyCreationTime", {"key1": now, "key2": now})
        properties["primaryLocation"] = put.resource.get("location", "")
        properties["primaryEndpoints"] = {
            kind: f"https://{put.resource['name']}.{host}/" for kind, host in HOSTS.items()
        }
        held = accounts.find(put.resource["name"])
        if held is not None and held.service:
            raise AzureError(
                409,
                "StorageAccountAlreadyTaken",
                f"The storage account named {held.name} is already taken: it belongs to an Azure service.",
            )
        accounts.ensure_keys(put.resource["name"])
        if put.old is None:
            blobs.drop(put.resource["name"])  # what a deletion that was cut off has left

    @arm.with_delete(ACCOUNT)
    def forget_account(resource: dict[str, Any]) -> None:
        accounts.forget(resource["name"])

    @arm.after_delete(ACCOUNT)
    def drop_account(resource: dict[str, Any]) -> None:
        blobs.drop(resource["name"])

    @arm.before_put(BLOB_SERVICE)
    def complete_blob_service(put: Put) -> None:
        account = arm.store.get(_account_id(put.id)) or {}
        put.resource["sku"] = account.get("sku")
        put.properties.setdefault("cors", {"corsRules": []})
        put.properties.setdefault("deleteRetentionPolicy", {"enabled": False, "allowPermanentDelete": False})
        if put.properties.get("isVersioningEnabled") and account.get("properties", {}).get("isHnsEnabled"):
            raise AzureError(
                400,
                "FeatureNotSupportedForAccount",
                f"isVersioningEnabled of {put.id} is true: versioning is not supported for accounts with a "
                "hierarchical namespace.",
            )
        for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
            given = put.properties.get(policy) or {}
            if given.get("enabled") and given.get("days") not in range(1, 366):
                raise AzureError(
                    400,
                    "InvalidXmlNodeValue",
                    f"{policy}.days of {put.id} is {given.get('days')!r}; 1 to 365 days are allowed.",
                )

    @arm.before_put(CONTAINER)
    def complete_container(put: Put) -> None:
        properties = put.properties
        if properties.get("metadata") is not None:
            properties["metadata"] = metadata.checked_json(properties["metadata"])
        public = properties.setdefault("publicAccess", "None")
        account = arm.store.get(_account_id(put.id))
        if public != "None" and not (account or {}).get("properties", {}).get("allowBlobPublicAccess"):
            raise AzureError(
                409,
                "PublicAccessNotPermitted",
                f"publicAccess of container {put.resource['name']} is {public!r}, "
                "but allowBlobPublicAccess of its account is false.",
            )
        if put.old is None:
            blobs.drop((account or {}).get("name", ""), put.resource["name"])
        stamp = etag(blobs.new_etag())
        put.resource["etag"] = stamp
        properties.update(
            {
                "lastModifiedTime": times.now(),
                "leaseStatus": "Unlocked",
                "leaseState": "Available",
                "hasImmutabilityPolicy": False,
                "hasLegalHold": False,
                "deleted": False,
                "remainingRetentionDays": 0,
            }
        )
        properties.setdefault("defaultEncryptionScope", "$account-encryption-key")
        properties.setdefault("denyEncryptionScopeOverride", False)

    @arm.after_delete(CONTAINER)
    def forget_container(resource: dict[str, Any]) -> None:
        blobs.drop(_account_id(resource["id"]).rsplit("/", 1)[-1], resource["name"])

    @arm.action(ACCOUNT, "listKeys")
    def list_keys(action: Action) -> dict[str, Any]:
        return _keys(arm, accounts, action.id)

    @arm.action(ACCOUNT, "regenerateKey")
    def regenerate_key(action: Action) -> dict[str, Any]:
        key = action.body.get("keyName")
        if key not in ("key1", "key2"):
            raise AzureError(400, "InvalidValuesForRequestParameters", f"keyName is {key!r}; key1 or key2.")
        accounts.renew(_stored(arm, action.id)["name"], key)
        return _keys(arm, accounts, action.id)

    @arm.action(ACCOUNT, "revokeUserDelegationKeys")
    def revoke_delegation(action: Action) -> None:
        accounts.renew(_stored(arm, action.id)["name"], "delegation")


MOST_IP_RULES = 400  # "Limitations and restrictions for Azure Storage firewall", read 2026-11


def _check_firewall(acls: Any) -> None:
    """400 for address rules that Azure Storage does not take."""
    given = firewalls.values((acls or {}).get("ipRules"))
    ranges = [firewalls.parse(value) for value in given]
    wrong = any(
        one is None or firewalls.forbidden(one) or ("/" in str(value) and one.prefixlen > 30)
        for value, one in zip(given, ranges, strict=True)
    )
    twice = firewalls.overlapping(one for one in ranges if one) is not None
    if wrong or twice or len(given) > MOST_IP_RULES:
        where = "networkAcls.ipRule[*].value" if wrong or twice else "networkAcls.ipRules[]"
        raise AzureError(
            400,
            "InvalidValuesForRequestParameters",
            f"Values for request parameters are invalid: {where}. For more information, see - "
            "https://aka.ms/storagenetworkruleset",
        )


def container_stamp(resource: dict[str, Any]) -> tuple[str, str]:
    """ETag (quoted) and Last-Modified (HTTP date) of a container's resource."""
    written = resource["properties"].get("lastModifiedTime")
    seconds = datetime.fromisoformat(written).timestamp() if written else 0.0
    return str(resource.get("etag") or etag(0)), http_date(seconds)


def _encryption(given: Any, created: str) -> dict[str, Any]:
    """Encryption at rest as Azure shows it: always on, with Microsoft's keys unless said otherwise."""
    encryption = dict(given) if isinstance(given, dict) else {}
    services = encryption.get("services")
    named = dict(services) if isinstance(services, dict) else {}
    for service in ("blob", "file"):
        state = named.get(service)
        named[service] = {
            "keyType": "Account",
            **(state if isinstance(state, dict) else {}),
            "enabled": True,
            "lastEnabledTime": created,
        }
    return {"keySource": "Microsoft.Storage", **encryption, "services": named}


def _keys(arm: Arm, accounts: Accounts, account_id: str) -> dict[str, Any]:
    resource = _stored(arm, account_id)
    account = accounts.find(resource["name"])
    if account is None:
        raise AzureError(404, "ResourceNotFound", f"The storage account {account_id} has no keys.")
    created = resource["properties"]["keyCreationTime"]
    return {
        "keys": [
            {"keyName": name, "value": value, "permissions": "FULL", "creationTime": created[name]}
            for name, value in zip(("key1", "key2"), account.keys, strict=True)
        ]
    }


def _stored(arm: Arm, account_id: str) -> dict[str, Any]:
    resource = arm.store.get(account_id)
    if resource is None:
        raise AzureError(404, "ResourceNotFound", f"The storage account {account_id} does not exist.")
    return resource


def _account_id(child_id: str) -> str:
    lower = child_id.lower()
    return child_id[: lower.index("/blobservices/")]
