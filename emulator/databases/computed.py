"""What SQL, Cosmos DB and Redis compute of their resources: see `emulator.arm.computed`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from emulator.arm.computed import Facts, Table
from emulator.resources.pairs import pair_of

SQL: Final = "Microsoft.Sql/servers"
POSTGRES: Final = "Microsoft.DBforPostgreSQL/flexibleServers"
COSMOS: Final = "Microsoft.DocumentDB/databaseAccounts"
REDIS: Final = "Microsoft.Cache/redis"
CONNECTED: Final = "only where a private endpoint leads to it"
# "Azure Cache for Redis pricing": connections by family and capacity, read 2026-11
CONNECTIONS: Final = {
    "C": (256, 1000, 2000, 5000, 10000, 15000, 20000),
    "P": (0, 7500, 15000, 30000, 40000, 40000),
}


def _kind(facts: Facts) -> str:
    """`v12.0,user`, and `vcore` for what is not sold by DTU."""
    tier = str((facts.resource.get("sku") or {}).get("name", ""))
    return "v12.0,user,vcore" if "_" in tier else "v12.0,user"


def _policies(facts: Facts) -> list[Any]:
    return [
        {key: one[key] for key in ("id", "locationName", "failoverPriority") if key in one}
        for one in facts.properties.get("locations") or ()
    ]


def _replicas(facts: Facts) -> int:
    """Five of a server, and none of a burstable one ("Read replicas", read 2026-11)."""
    return 0 if (facts.resource.get("sku") or {}).get("tier") == "Burstable" else 5


def _seconds(facts: Facts) -> int:
    return int(datetime.fromisoformat(facts.text("changed")).timestamp())


def _instances(facts: Facts) -> list[Any]:
    """The nodes of a cache: a second one but for the tier Basic, so many for each shard."""
    sku = facts.properties.get("sku") or {}
    shards = int(facts.properties.get("shardCount") or 1)
    each = 1 if sku.get("name") == "Basic" else 2
    many = facts.properties.get("shardCount") is not None
    return [
        {
            "sslPort": 15000 + number,
            "isMaster": number % each == 0,
            "isPrimary": number % each == 0,
            **({"nonSslPort": 13000 + number} if facts.properties.get("enableNonSslPort") else {}),
            **({"shardId": number // each} if many else {}),
        }
        for number in range(shards * each)
    ]


def _connections(facts: Facts) -> str | None:
    sku = facts.properties.get("sku") or {}
    row, capacity = CONNECTIONS.get(str(sku.get("family")), ()), sku.get("capacity")
    return str(row[capacity]) if isinstance(capacity, int) and 0 <= capacity < len(row) else None


STORED: Final = {
    "properties.resource._rid": "{mark}==",
    "properties.resource._ts": _seconds,
    "properties.resource._etag": '"{uuid}"',
}
COMPUTED: Final[Table] = {
    SQL: {"kind": "v12.0", "properties.externalGovernanceStatus": "Disabled"},
    f"{SQL}/databases": {
        "kind": _kind,
        "properties.creationDate": "{created}",
        "properties.earliestRestoreDate": "{created}",
        "properties.databaseId": "{uuid}",
        "properties.currentBackupStorageRedundancy": lambda facts: (
            facts.properties.get("requestedBackupStorageRedundancy") or "Geo"
        ),
        "properties.defaultSecondaryLocation": lambda facts: pair_of(facts.text("location")),
        "properties.isInfraEncryptionEnabled": False,
        "properties.maxLogSizeBytes": 68719476736,
        "properties.requestedServiceObjectiveName": lambda facts: facts.properties.get(
            "currentServiceObjectiveName"
        ),
    },
    f"{SQL}/elasticPools": {
        "kind": "pool",
        "properties.creationDate": "{created}",
        "properties.state": "Ready",
    },
    f"{SQL}/virtualNetworkRules": {"properties.state": "Ready"},
    POSTGRES: {"properties.replicaCapacity": _replicas},
    COSMOS: {
        "properties.instanceId": "{uuid}",
        "properties.failoverPolicies": _policies,
        "properties.keysMetadata": {
            f"{which}MasterKey": {"generationTime": "{created}"}
            for which in ("primary", "secondary", "primaryReadonly", "secondaryReadonly")
        },
    },
    f"{COSMOS}/sqlDatabases": STORED,
    f"{COSMOS}/sqlDatabases/containers": STORED,
    f"{COSMOS}/mongodbDatabases": STORED,
    f"{COSMOS}/mongodbDatabases/collections": STORED,
    REDIS: {
        "properties.instances": _instances,
        "properties.linkedServers": [],
        "properties.redisConfiguration.maxclients": _connections,
    },
}
ABSENT: Final = {
    SQL: {
        "privateEndpointConnections": CONNECTED,
        "workspaceFeature": "only of a server of a Synapse workspace",
    },
    f"{SQL}/databases": {
        "failoverGroupId": "only in a failover group",
        "managedBy": "only where another resource owns it",
        "pausedDate": "only of a serverless one that was paused",
        "resumedDate": "only of a serverless one that was paused",
    },
    POSTGRES: {"privateEndpointConnections": CONNECTED},
    COSMOS: {
        "keyVaultKeyUriVersion": "only with a key of one's own",
        "privateEndpointConnections": CONNECTED,
    },
    REDIS: {
        "accessKeys": "Azure gives keys by listKeys",
        "privateEndpointConnections": CONNECTED,
        "redisConfiguration.preferredDataArchiveAuthMethod": "null in Azure's own answers",
        "redisConfiguration.zonalConfiguration": "only of caches in zones",
        "instances[].nonSslPort": "only with the port that is not encrypted",
        "instances[].shardId": "only of a cluster",
        "instances[].zone": "only of caches in zones",
    },
}
NOT_COMPUTED: Final = {
    POSTGRES: {"minorVersion": "it changes with Azure's maintenance"},
    f"{POSTGRES}/configurations": dict.fromkeys(
        ("description", "documentationLink", "unit"), "Azure's own words about a parameter"
    ),
}
