"""Vaults in ARM: what they are given, and the soft delete that keeps a deleted vault and its name."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from emulator import times
from emulator.arm import firewalls
from emulator.arm.ids import fold
from emulator.arm.service import Action, Arm, Put
from emulator.errors import AzureError
from emulator.keyvault.keys import Keys
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.versioned import DAY_S

VAULT = "Microsoft.KeyVault/vaults"
SECRET = f"{VAULT}/secrets"
DELETED_LIST = "Microsoft.KeyVault/deletedVaults"
DELETED = "Microsoft.KeyVault/locations/deletedVaults"
KIND = "keyvault-deleted-vault"
DEFAULTS: dict[str, Any] = {
    "accessPolicies": [],
    "enabledForDeployment": False,
    "enableRbacAuthorization": False,
    "enableSoftDelete": True,
    "softDeleteRetentionInDays": 90,
    "publicNetworkAccess": "Enabled",
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault as the data plane sees it."""

    name: str
    id: str
    location: str
    rbac: bool
    policies: tuple[Json, ...]
    purge_protection: bool
    retention_days: int

    @property
    def recovery_level(self) -> str:
        """How deleted secrets can be had back, in the words of Key Vault."""
        level = "Recoverable" if self.retention_days == 90 else "CustomizedRecoverable"
        return level if self.purge_protection else f"{level}+Purgeable"


class Vaults:
    """Finds vaults by name and keeps the deleted ones."""

    def __init__(self, arm: Arm, secrets: Secrets, keys: Keys) -> None:
        self._arm = arm
        self._store = arm.store
        self._held = (secrets, keys)
        self._lock = threading.Lock()
        self._revision: int | None = None
        self._known: dict[str, Vault] = {}

    def find(self, name: str) -> Vault | None:
        """The vault of a name (any case)."""
        with self._lock:
            revision = self._store.revision(VAULT)
            if revision != self._revision:
                self._known = {item["name"].lower(): _vault(item) for item in self._store.by_type(VAULT)}
                self._revision = revision
            return self._known.get(name.lower())

    def install(self) -> None:
        """Register the hooks."""
        arm = self._arm
        arm.before_put(VAULT)(self._complete)
        arm.with_put(VAULT)(self._recovered)
        arm.with_delete(VAULT)(self._keep_deleted)
        arm.declare(DELETED_LIST, "Microsoft.KeyVault/locations")
        arm.on_list(DELETED_LIST)(lambda _, query: self._deleted_in(query.get("", "")))
        arm.virtual(DELETED)(self._deleted_resource)
        arm.action(DELETED, "purge")(self._purge)

    def deleted(self) -> list[Json]:
        """The deleted vaults whose names are still taken: name, id, kept_until."""
        kept = {name: self._deleted(name) for name in self._store.documents(KIND)}
        return [
            {"name": name, "id": one["vaultId"], "kept_until": one["scheduledPurgeDate"]}
            for name, one in sorted(kept.items())
            if one
        ]

    def _complete(self, put: Put) -> None:
        name, properties = put.resource["name"], put.properties
        deleted = self._deleted(name) if put.old is None else None
        recover = properties.pop("createMode", None) == "recover"
        if deleted and not recover:
            raise AzureError(
                409,
                "ConflictError",
                f"A vault with the same name already exists in deleted state: {name}, deleted "
                f"{deleted['deletionDate']}, kept until {deleted['scheduledPurgeDate']}. You need to either "
                "recover (createMode 'recover') or purge existing key vault.",
            )
        if recover and put.old is None and deleted is None:
            raise AzureError(
                404,
                "SoftDeletedVaultDoesNotExist",
                f"createMode of vault {name} is 'recover', but no deleted vault of this name exists.",
            )
        if deleted:
            if fold(deleted["vaultId"]) != fold(put.id):
                raise AzureError(409, "ConflictError", f"The deleted vault {name} was {deleted['vaultId']}.")
            put.resource["properties"] = properties = {**deleted["resource"]["properties"], **properties}
        _check(name, properties, (put.old or {}).get("properties", {}))
        for key, value in DEFAULTS.items():
            if properties.get(key) is None:
                properties[key] = value
        properties["vaultUri"] = f"https://{name.lower()}.vault.azure.net/"

    def _recovered(self, put: Put) -> None:
        if put.old is None:
            self._store.delete_document(KIND, put.resource["name"].lower())

    def _keep_deleted(self, resource: Json) -> None:
        days = resource["properties"]["softDeleteRetentionInDays"]
        now = time.time()
        self._store.put_document(
            KIND,
            resource["name"].lower(),
            {
                "vaultId": resource["id"],
                "deletionDate": times.at(now),
                "scheduledPurgeDate": times.at(now + days * DAY_S),
                "purgeAt": now + days * DAY_S,
                "resource": resource,
            },
        )

    def _deleted(self, name: str) -> Json | None:
        kept = self._store.document(KIND, name.lower())
        if kept and kept["purgeAt"] <= time.time():
            self._forget(name.lower())
            return None
        return kept

    def _forget(self, name: str) -> None:
        for held in self._held:
            held.forget(name)
        self._store.delete_document(KIND, name)

    def _deleted_in(self, collection: str) -> list[Json]:
        subscription = fold(collection).split("/providers/")[0]
        return [
            _shown(name, kept)
            for name, kept in self._store.documents(KIND).items()
            if fold(kept["vaultId"]).startswith(f"{subscription}/")
        ]

    def _deleted_resource(self, resource_id: str) -> Json | None:
        name = resource_id.rstrip("/").rsplit("/", 1)[-1]
        kept = self._deleted(name)
        return _shown(name, kept) if kept else None

    def _purge(self, action: Action) -> None:
        name = action.id.rstrip("/").rsplit("/", 1)[-1].lower()
        kept = self._deleted(name)
        if kept is None:
            raise AzureError(
                404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' does not exist."
            )
        if kept["resource"]["properties"].get("enablePurgeProtection"):
            raise AzureError(
                400,
                "DeletedVaultPurge",
                f"Vault '{name}' is protected against purging until {kept['scheduledPurgeDate']}.",
            )
        self._forget(name)


def _check(name: str, properties: Json, old: Json) -> None:
    def refuse(setting: str, value: object, needed: str) -> AzureError:
        return AzureError(
            400, "VaultPropertyNotAllowed", f"properties.{setting} of vault {name} is {value!r}; {needed}."
        )

    sku = properties.get("sku")
    if not isinstance(sku, dict) or str(sku.get("name", "")).lower() not in ("standard", "premium"):
        raise refuse("sku", sku, "family 'A' and name 'standard' or 'premium' are needed")
    if not properties.get("tenantId"):
        raise refuse("tenantId", properties.get("tenantId"), "the tenant's id is needed")
    if properties.get("enableSoftDelete") is False:
        raise refuse("enableSoftDelete", False, "soft delete can no longer be switched off")
    if properties.get("enablePurgeProtection") is False:
        raise refuse("enablePurgeProtection", False, "it can be true or left out, and never be switched off")
    _check_firewall(properties.get("networkAcls"))
    if old.get("enablePurgeProtection"):
        properties["enablePurgeProtection"] = True
    days = properties.get("softDeleteRetentionInDays")
    if days is not None and not 7 <= days <= 90:
        raise refuse("softDeleteRetentionInDays", days, "7 to 90 days are allowed")
    kept = old.get("softDeleteRetentionInDays")
    if days is not None and kept is not None and days != kept:
        raise refuse("softDeleteRetentionInDays", days, f"it was created with {kept} and cannot change")


def _check_firewall(acls: Any) -> None:
    for index, value in enumerate(firewalls.values((acls or {}).get("ipRules"))):
        where = f"Invalid value found at properties.networkAcls.ipRules[{index}].value: {value}"
        one = firewalls.parse(value)
        if one is None:
            raise AzureError(400, "BadRequest", f"{where} is neither an IPv4 address nor a range.")
        if kept := firewalls.forbidden(one):
            ends = f"{kept.network_address}\N{EN DASH}{kept.broadcast_address}"
            raise AzureError(
                400, "BadRequest", f"{where} belongs to forbidden range {ends} ({firewalls.FORBIDDEN[kept]})"
            )


def _vault(resource: Json) -> Vault:
    properties = resource["properties"]
    return Vault(
        resource["name"],
        resource["id"],
        resource.get("location", ""),
        bool(properties.get("enableRbacAuthorization")),
        tuple(properties.get("accessPolicies") or ()),
        bool(properties.get("enablePurgeProtection")),
        int(properties.get("softDeleteRetentionInDays") or 90),
    )


def _shown(name: str, kept: Json) -> Json:
    resource = kept["resource"]
    subscription = kept["vaultId"].split("/")[2]
    location = resource.get("location", "")
    kind = DELETED.replace("locations", f"locations/{location}")
    return {
        "id": f"/subscriptions/{subscription}/providers/{kind}/{name}",
        "name": resource["name"],
        "type": DELETED_LIST,
        "properties": {
            "vaultId": kept["vaultId"],
            "location": location,
            "tags": resource.get("tags") or {},
            "deletionDate": kept["deletionDate"],
            "scheduledPurgeDate": kept["scheduledPurgeDate"],
            "purgeProtectionEnabled": bool(resource["properties"].get("enablePurgeProtection")),
        },
    }
