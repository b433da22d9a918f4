"""Datastores: named ways into storage accounts, by identity or by a kept credential."""

from __future__ import annotations

from typing import Any

from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.names import DATASTORE
from emulator.storage.service import Blobs

Json = dict[str, Any]
STORAGE_ACCOUNT = "Microsoft.Storage/storageAccounts"
SECRETS = "ml-datastore"
PLACES = {"AzureBlob": "containerName", "AzureFile": "fileShareName", "AzureDataLakeGen2": "filesystem"}
CREDENTIALS = ("None", "AccountKey", "Sas")
DEFAULTS: Json = {
    "endpoint": "core.windows.net",
    "protocol": "https",
    "serviceDataAccessAuthIdentity": "None",
    "isDefault": False,
    "tags": {},
    "properties": {},
}


def install(arm: Arm, store: Store, blobs: Blobs) -> None:
    """Hook datastores into the ARM store."""

    @arm.before_put(DATASTORE)
    def fill(put: Put) -> None:
        fill_datastore(put, [item["name"] for item in store.by_type(STORAGE_ACCOUNT)])
        secrets = put.properties["credentials"].pop("secrets", None)
        if secrets:
            store.put_document(SECRETS, put.id.lower(), secrets, secret=True)

    @arm.on_list(DATASTORE)
    def only_default(items: list[Json], query: dict[str, str]) -> list[Json]:
        if query.get("isdefault", "").lower() != "true":
            return items
        return [item for item in items if item["properties"]["isDefault"]]

    @arm.with_delete(DATASTORE)
    def forget(resource: Json) -> None:
        store.delete_document(SECRETS, resource["id"].lower())

    @arm.action(DATASTORE, "listSecrets")
    def list_secrets(action: Action) -> Json:
        return secrets_of(arm, store, blobs, arm.get(action.id), action.body)


def fill_datastore(put: Put, accounts: list[str]) -> None:
    """Check a datastore and fill its defaults. ``accounts``: the storage accounts that exist.

    One of another account is taken where the client asks for no validation, as MLClient and az always do;
    what uses it is refused.
    """
    properties, name = put.properties, put.resource["name"]
    kind = properties.get("datastoreType")
    if kind not in PLACES:
        raise NotEmulated(f"datastores of type {kind} (datastore {name!r}); use AzureBlob")
    for key in ("accountName", PLACES[kind]):
        if not properties.get(key):
            raise AzureError(400, "ValidationError", f"Datastore {name!r} needs {key}.")
    unchecked = put.query.get("skipvalidation", "").lower() == "true"
    if properties["accountName"] not in accounts and not unchecked:
        raise AzureError(
            400,
            "ValidationError",
            f"Datastore {name!r}: accountName is {properties['accountName']!r}, which does not exist. Create "
            "it first, or send skipValidation=true.",
        )
    credentials = properties.setdefault("credentials", {"credentialsType": "None"})
    if credentials.get("credentialsType") not in CREDENTIALS:
        raise NotEmulated(
            f"credentials of type {credentials.get('credentialsType')} (datastore {name!r}); "
            f"use one of {', '.join(CREDENTIALS)}"
        )
    for key, value in DEFAULTS.items():
        if properties.get(key) is None:
            properties[key] = dict(value) if isinstance(value, dict) else value


def by_identity(datastore: Json) -> bool:
    """Whether the datastore holds no credential, so that whoever uses it must have rights of their own."""
    return datastore["properties"]["credentials"]["credentialsType"] == "None"


def secrets_of(arm: Arm, store: Store, blobs: Blobs, datastore: Json, asked: Json) -> Json:
    """The answer to listSecrets: a SAS when one that expires is asked for, else the kept credential."""
    properties = datastore["properties"]
    if by_identity(datastore):
        raise AzureError(
            400,
            "UserError",
            f"Datastore {datastore['name']!r} is identity-based and has no secrets: use a token of your own.",
        )
    kept: Json = store.document(SECRETS, datastore["id"].lower()) or {}
    kind = properties["credentials"]["credentialsType"]
    if kind == "Sas":
        return {"secretsType": "Sas", "sasToken": kept.get("sasToken")}
    if "key" not in kept or asked.get("expirableSecret"):
        _require_account(store, datastore)
    if asked.get("expirableSecret") and "containerName" not in properties:
        raise NotEmulated(
            f"expiring secrets of file shares (datastore {datastore['name']!r}); use an AzureBlob datastore"
        )
    if asked.get("expirableSecret"):
        hours = int(asked.get("expireAfterHours") or 1)
        url = blobs.sas_url(properties["accountName"], properties["containerName"], "", "racwdl", hours)
        return {"secretsType": "Sas", "sasToken": url.split("?", 1)[1]}
    return {
        "secretsType": "AccountKey",
        "key": kept.get("key") or _account_key(arm, store, properties["accountName"]),
    }


def _require_account(store: Store, datastore: Json) -> None:
    account = datastore["properties"]["accountName"]
    if account not in [item["name"] for item in store.by_type(STORAGE_ACCOUNT)]:
        raise AzureError(
            400,
            "UserError",
            f"Datastore {datastore['name']!r} leads to storage account {account!r}, which does not exist "
            "here. Create it, or make a datastore of an account that exists.",
        )


def _account_key(arm: Arm, store: Store, name: str) -> str:
    account = next(item for item in store.by_type(STORAGE_ACCOUNT) if item["name"] == name)
    answer = arm.act(Action(account["id"], "listKeys", {}, {}, {}, None))
    return answer["keys"][0]["value"]
