"""SQL, PostgreSQL, Cosmos DB and Redis in ARM: addresses and keys. No database runs behind them."""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.databases import connections, postgres
from emulator.errors import AzureError

SERVER: Final = "Microsoft.Sql/servers"
DATABASE: Final = f"{SERVER}/databases"
COSMOS: Final = "Microsoft.DocumentDB/databaseAccounts"
REDIS: Final = "Microsoft.Cache/redis"
KEYS: Final = "database-keys"  # documents, sealed: folded id -> keys
COSMOS_KEYS: Final = (
    "primaryMasterKey",
    "secondaryMasterKey",
    "primaryReadonlyMasterKey",
    "secondaryReadonlyMasterKey",
)
REDIS_KEYS: Final = ("primaryKey", "secondaryKey")


def install(arm: Arm, store: Store) -> None:
    """Hooks of servers and accounts, and the actions that give keys."""
    postgres.install(arm)

    def keys(resource_id: str, names: tuple[str, ...]) -> dict[str, str]:
        held: dict[str, str] | None = store.document(KEYS, fold(resource_id))
        if held is None:
            held = {name: base64.b64encode(secrets.token_bytes(64)).decode() for name in names}
            store.put_document(KEYS, fold(resource_id), held, secret=True)
        return held

    @arm.before_put(SERVER)
    def server(put: Put) -> None:
        properties = put.properties
        password = properties.pop("administratorLoginPassword", None)
        entra = (properties.get("administrators") or {}).get("azureADOnlyAuthentication")
        if put.old is None and not entra and not (password and properties.get("administratorLogin")):
            raise AzureError(
                400,
                "InvalidParameterValue",
                f"{put.resource['name']}: administratorLogin and administratorLoginPassword are required.",
            )
        properties["fullyQualifiedDomainName"] = f"{put.resource['name']}.database.windows.net"
        properties["state"] = "Ready"
        properties.setdefault("version", "12.0")
        properties.setdefault("publicNetworkAccess", "Enabled")

    @arm.before_put(DATABASE)
    def database(put: Put) -> None:
        sku = put.resource.setdefault("sku", {"name": "GP_Gen5", "tier": "GeneralPurpose", "capacity": 2})
        put.properties["status"] = "Online"
        put.properties.setdefault("collation", "SQL_Latin1_General_CP1_CI_AS")
        put.properties["currentSku"] = dict(sku)
        put.properties["currentServiceObjectiveName"] = sku.get("name", "")

    @arm.before_put(COSMOS)
    def account(put: Put) -> None:
        name, properties = put.resource["name"], put.properties
        locations: list[dict[str, Any]] = properties.get("locations") or []
        if not locations:
            raise AzureError(400, "BadRequest", f"{name}: properties.locations is required.")
        put.resource.setdefault("kind", "GlobalDocumentDB")
        properties["documentEndpoint"] = f"https://{name}.documents.azure.com:443/"
        for index, one in enumerate(locations):
            region = str(one.get("locationName", "")).replace(" ", "").lower()
            one["id"] = f"{name}-{region}"
            one["documentEndpoint"] = f"https://{name}-{region}.documents.azure.com:443/"
            one["provisioningState"] = "Succeeded"
            one.setdefault("failoverPriority", index)
        properties["writeLocations"] = [one for one in locations if one["failoverPriority"] == 0]
        properties["readLocations"] = list(locations)

    @arm.before_put(REDIS)
    def cache(put: Put) -> None:
        put.properties["hostName"] = f"{put.resource['name']}.redis.cache.windows.net"
        put.properties["sslPort"], put.properties["port"] = 6380, 6379

    @arm.action(COSMOS, "listKeys")
    def cosmos_keys(action: Action) -> dict[str, str]:
        return keys(action.id, COSMOS_KEYS)

    @arm.action(COSMOS, "listConnectionStrings")
    def connection_strings(action: Action) -> dict[str, Any]:
        account = arm.get(action.id)
        return {"connectionStrings": connections.of(account, keys(action.id, COSMOS_KEYS))}

    @arm.action(REDIS, "listKeys")
    def redis_keys(action: Action) -> dict[str, str]:
        return keys(action.id, REDIS_KEYS)

    for arm_type in (COSMOS, REDIS):

        def forget(resource: dict[str, Any]) -> None:
            store.delete_document(KEYS, fold(resource["id"]))

        arm.with_delete(arm_type)(forget)
