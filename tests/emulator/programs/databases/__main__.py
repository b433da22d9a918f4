"""Cosmos DB with a container, a cache, a queue, and a public DNS zone that names them."""

import pulumi
from pulumi_azure_native import cosmosdb, dns, redis, resources, servicebus

config = pulumi.Config()
group = resources.ResourceGroup("databases")
account = cosmosdb.DatabaseAccount(
    "documents",
    resource_group_name=group.name,
    database_account_offer_type=cosmosdb.DatabaseAccountOfferType.STANDARD,
    locations=[cosmosdb.LocationArgs(location_name="West Europe", failover_priority=0)],
    consistency_policy=cosmosdb.ConsistencyPolicyArgs(
        default_consistency_level=cosmosdb.DefaultConsistencyLevel.SESSION
    ),
)
database = cosmosdb.SqlResourceSqlDatabase(
    "shop",
    resource_group_name=group.name,
    account_name=account.name,
    resource=cosmosdb.SqlDatabaseResourceArgs(id="shop"),
)
cosmosdb.SqlResourceSqlContainer(
    "orders",
    resource_group_name=group.name,
    account_name=account.name,
    database_name=database.name,
    resource=cosmosdb.SqlContainerResourceArgs(
        id="orders", partition_key=cosmosdb.ContainerPartitionKeyArgs(paths=["/customer"], kind="Hash")
    ),
)
cache = redis.Redis(
    "cache",
    resource_group_name=group.name,
    sku=redis.SkuArgs(name="Basic", family="C", capacity=0),
    minimum_tls_version="1.2",
    redis_configuration={"maxmemory_policy": config.get("policy") or "allkeys-lru"},
)
bus = servicebus.Namespace(
    "messages",
    resource_group_name=group.name,
    sku=servicebus.SBSkuArgs(name=servicebus.SkuName.STANDARD, tier=servicebus.SkuTier.STANDARD),
)
servicebus.Queue(
    "orders-queue", resource_group_name=group.name, namespace_name=bus.name, max_size_in_megabytes=1024
)
zone = dns.Zone("zone", zone_name="programs.example.com", resource_group_name=group.name, location="global")
dns.RecordSet(
    "cache-name",
    resource_group_name=group.name,
    zone_name=zone.name,
    record_type="CNAME",
    relative_record_set_name="cache",
    ttl=300,
    cname_record=dns.CnameRecordArgs(cname=cache.host_name),
)
keys = cosmosdb.list_database_account_keys_output(account_name=account.name, resource_group_name=group.name)

pulumi.export("endpoint", account.document_endpoint)
pulumi.export("key", pulumi.Output.secret(keys.primary_master_key))
pulumi.export("id", bus.id)
