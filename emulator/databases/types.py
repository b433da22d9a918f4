"""The types of databases and caches: SQL, PostgreSQL, Cosmos DB and Redis.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import HYPHENS

SQL: Final = "Microsoft.Sql/servers/{serverName}"
COSMOS: Final = "Microsoft.DocumentDB/databaseAccounts/{accountName}"
SQL_NAME: Final = NameRule(
    1, 63, r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", "lower-case letters, digits and hyphens, no hyphen at an end"
)
POSTGRES: Final = "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}"
COSMOS_NAME: Final = NameRule(3, 44, r"[a-z0-9][a-z0-9-]*[a-z0-9]", "lower-case letters, digits and hyphens")
REDIS_NAME: Final = NameRule(1, 63, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", HYPHENS)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(SQL, "sql:Server", name=SQL_NAME, unique="global"),
    Row(f"{SQL}/databases/{{databaseName}}", "sql:Database",
        name=NameRule(1, 128, r"[^<>*%&:\\/?]*[^<>*%&:\\/?. ]", "none of < > * % & : \\ / ?")),
    Row(f"{SQL}/elasticPools/{{elasticPoolName}}", "sql:ElasticPool"),
    Row(f"{SQL}/firewallRules/{{firewallRuleName}}", "sql:FirewallRule",
        name=NameRule(1, 128, r"[^<>*%&:;\\/?]+", "none of < > * % & : ; \\ / ?")),
    Row(f"{SQL}/virtualNetworkRules/{{virtualNetworkRuleName}}", "sql:VirtualNetworkRule"),
    Row(POSTGRES, "dbforpostgresql:Server",
        name=NameRule(3, 63, r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])",
                      "lower-case letters, digits and hyphens, no hyphen at an end"), unique="global"),
    Row(f"{POSTGRES}/administrators/{{objectId}}", "dbforpostgresql:AdministratorsMicrosoftEntra"),
    Row(f"{POSTGRES}/configurations/{{configurationName}}", "dbforpostgresql:Configuration"),
    Row(f"{POSTGRES}/databases/{{databaseName}}", "dbforpostgresql:Database",
        name=NameRule(1, 63, r"[A-Za-z_][A-Za-z0-9_-]*", "letters, digits, _ and -, no digit in front")),
    Row(f"{POSTGRES}/firewallRules/{{firewallRuleName}}", "dbforpostgresql:FirewallRule"),
    Row(COSMOS, "cosmosdb:DatabaseAccount", name=COSMOS_NAME, unique="global"),
    Row(f"{COSMOS}/sqlDatabases/{{databaseName}}", "cosmosdb:SqlResourceSqlDatabase"),
    Row(f"{COSMOS}/sqlDatabases/{{databaseName}}/containers/{{containerName}}",
        "cosmosdb:SqlResourceSqlContainer"),
    Row(f"{COSMOS}/mongodbDatabases/{{databaseName}}", "cosmosdb:MongoDBResourceMongoDBDatabase"),
    Row(f"{COSMOS}/mongodbDatabases/{{databaseName}}/collections/{{collectionName}}",
        "cosmosdb:MongoDBResourceMongoDBCollection"),
    Row("Microsoft.Cache/redis/{name}", "redis:Redis", name=REDIS_NAME, unique="global"),
)
# fmt: on
