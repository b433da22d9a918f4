"""More rows of the catalog: types that this estate does not use itself, but other programs do.

They have the semantics of every ARM resource; those of their own are hooks in `emulator/compute`,
`emulator/network`, `emulator/web` and `emulator/databases`.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NETWORK, NameRule, ResourceType, Row

HYPHENS: Final = "letters, digits and hyphens, no hyphen first or last"
NET_NAME: Final = NameRule(
    1, 80, r"[A-Za-z0-9](?:[\w.-]*\w)?", "letters, digits, _ . -, a letter or digit first, no . or - last"
)
VM_NAME: Final = NameRule(
    1, 64, r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?", "letters, digits, _ . -, a letter or digit first"
)
DISK_NAME: Final = NameRule(1, 80, r"[\w.-]+", "letters, digits, _ . -")
SITE_NAME: Final = NameRule(2, 60, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", HYPHENS)
SERVER_NAME: Final = NameRule(
    1, 63, r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", "lower-case letters, digits and hyphens, no hyphen at an end"
)
COSMOS_NAME: Final = NameRule(3, 44, r"[a-z0-9][a-z0-9-]*[a-z0-9]", "lower-case letters, digits and hyphens")
BUS_NAME: Final = NameRule(6, 50, r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens")
ZONE_NAME: Final = NameRule(1, 253, r"(?:[\w-]+\.)+[\w-]+", "a DNS zone of at least two labels")
REDIS_NAME: Final = NameRule(1, 63, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", HYPHENS)

RECORDS: Final = {"ttl": "TTL"} | {
    f"{kind.lower()}{form}": f"{kind}{form}"
    for form, kinds in {
        "Records": ("A", "AAAA", "CAA", "DS", "MX", "NAPTR", "NS", "PTR", "SRV", "TLSA", "TXT"),
        "Record": ("CNAME", "SOA"),
    }.items()
    for kind in kinds
}
COMPUTE: Final = "Microsoft.Compute"
SITE: Final = "Microsoft.Web/sites/{name}"
SQL: Final = "Microsoft.Sql/servers/{serverName}"
COSMOS: Final = "Microsoft.DocumentDB/databaseAccounts/{accountName}"
BUS: Final = "Microsoft.ServiceBus/namespaces/{namespaceName}"
HUB: Final = "Microsoft.EventHub/namespaces/{namespaceName}"
COGNITIVE: Final = "Microsoft.CognitiveServices/accounts/{accountName}"

# fmt: off
MORE: Final[tuple[ResourceType, ...]] = (
    # network
    Row(f"{NETWORK}/azureFirewalls/{{azureFirewallName}}", "network:AzureFirewall", name=NET_NAME,
        force_new=("zones", "sku.name"), nested=frozenset({"sku"})),
    Row(f"{NETWORK}/firewallPolicies/{{firewallPolicyName}}", "network:FirewallPolicy", name=NET_NAME,
        force_new=("sku",), nested=frozenset({"sku"})),
    Row(f"{NETWORK}/firewallPolicies/{{firewallPolicyName}}/ruleCollectionGroups/{{ruleCollectionGroupName}}",
        "network:FirewallPolicyRuleCollectionGroup", name=NET_NAME),
    Row(f"{NETWORK}/bastionHosts/{{bastionHostName}}", "network:BastionHost", name=NET_NAME,
        force_new=("ipConfigurations", "zones")),
    Row(f"{NETWORK}/virtualNetworkGateways/{{virtualNetworkGatewayName}}", "network:VirtualNetworkGateway",
        name=NET_NAME, force_new=("gatewayType", "vpnType"), nested=frozenset({"sku"})),
    Row(f"{NETWORK}/localNetworkGateways/{{localNetworkGatewayName}}", "network:LocalNetworkGateway",
        name=NET_NAME),
    Row(f"{NETWORK}/connections/{{virtualNetworkGatewayConnectionName}}",
        "network:VirtualNetworkGatewayConnection", name=NET_NAME, force_new=("connectionType",)),
    Row(f"{NETWORK}/applicationGateways/{{applicationGatewayName}}", "network:ApplicationGateway",
        name=NET_NAME, force_new=("zones",), nested=frozenset({"sku"})),
    Row(f"{NETWORK}/ddosProtectionPlans/{{ddosProtectionPlanName}}", "network:DdosProtectionPlan",
        name=NET_NAME),
    Row(f"{NETWORK}/networkWatchers/{{networkWatcherName}}", "network:NetworkWatcher", name=NET_NAME),
    Row(f"{NETWORK}/ipGroups/{{ipGroupsName}}", "network:IpGroup", name=NET_NAME),
    Row(f"{NETWORK}/dnsZones/{{zoneName}}", "dns:Zone", name=ZONE_NAME, force_new=("zoneType",)),
    Row(f"{NETWORK}/dnsZones/{{zoneName}}/{{recordType}}/{{relativeRecordSetName}}", "dns:RecordSet",
        wire=RECORDS),
    # compute
    Row(f"{COMPUTE}/virtualMachines/{{vmName}}", "compute:VirtualMachine", name=VM_NAME,
        top=frozenset({"placement"}),
        force_new=("zones", "availabilitySet", "osProfile.computerName", "osProfile.adminUsername",
            "osProfile.adminPassword", "osProfile.customData", "osProfile.linuxConfiguration.ssh",
            "storageProfile.imageReference", "storageProfile.osDisk.name", "storageProfile.osDisk.osType",
            "storageProfile.osDisk.createOption", "priority", "plan", "proximityPlacementGroup")),
    Row(f"{COMPUTE}/virtualMachines/{{vmName}}/extensions/{{vmExtensionName}}",
        "compute:VirtualMachineExtension", force_new=("publisher", "type"), nested=frozenset({"type"})),
    Row(f"{COMPUTE}/virtualMachineScaleSets/{{vmScaleSetName}}", "compute:VirtualMachineScaleSet",
        name=VM_NAME, force_new=("zones", "orchestrationMode", "singlePlacementGroup")),
    Row(f"{COMPUTE}/disks/{{diskName}}", "compute:Disk", name=DISK_NAME,
        force_new=("zones", "creationData", "hyperVGeneration", "osType")),
    Row(f"{COMPUTE}/snapshots/{{snapshotName}}", "compute:Snapshot", name=DISK_NAME,
        force_new=("creationData", "hyperVGeneration", "osType")),
    Row(f"{COMPUTE}/images/{{imageName}}", "compute:Image", name=DISK_NAME,
        force_new=("sourceVirtualMachine", "storageProfile", "hyperVGeneration")),
    Row(f"{COMPUTE}/availabilitySets/{{availabilitySetName}}", "compute:AvailabilitySet", name=DISK_NAME,
        force_new=("platformFaultDomainCount", "platformUpdateDomainCount", "sku")),
    Row(f"{COMPUTE}/sshPublicKeys/{{sshPublicKeyName}}", "compute:SshPublicKey", name=DISK_NAME,
        force_new=("publicKey",)),
    Row(f"{COMPUTE}/proximityPlacementGroups/{{proximityPlacementGroupName}}",
        "compute:ProximityPlacementGroup", name=DISK_NAME,
        force_new=("proximityPlacementGroupType", "zones")),
    # web
    Row("Microsoft.Web/serverfarms/{name}", "web:AppServicePlan",
        name=NameRule(1, 60, r"[A-Za-z0-9-]+", "letters, digits and hyphens"),
        force_new=("reserved", "isXenon")),
    Row(SITE, "web:WebApp", name=SITE_NAME, unique="global"),
    Row(f"{SITE}/slots/{{slot}}", "web:WebAppSlot", name=SITE_NAME),
    Row(f"{SITE}/hostNameBindings/{{hostName}}", "web:WebAppHostNameBinding"),
    Row("Microsoft.Web/certificates/{name}", "web:Certificate"),
    # databases
    Row(SQL, "sql:Server", name=SERVER_NAME, unique="global", force_new=("administratorLogin",)),
    Row(f"{SQL}/databases/{{databaseName}}", "sql:Database",
        name=NameRule(1, 128, r"[^<>*%&:\\/?]*[^<>*%&:\\/?. ]", "none of < > * % & : \\ / ?"),
        force_new=("collation", "createMode", "sourceDatabaseId")),
    Row(f"{SQL}/elasticPools/{{elasticPoolName}}", "sql:ElasticPool"),
    Row(f"{SQL}/firewallRules/{{firewallRuleName}}", "sql:FirewallRule",
        name=NameRule(1, 128, r"[^<>*%&:;\\/?]+", "none of < > * % & : ; \\ / ?")),
    Row(f"{SQL}/virtualNetworkRules/{{virtualNetworkRuleName}}", "sql:VirtualNetworkRule"),
    Row(COSMOS, "cosmosdb:DatabaseAccount", name=COSMOS_NAME, unique="global",
        force_new=("databaseAccountOfferType", "createMode", "enableFreeTier")),
    Row(f"{COSMOS}/sqlDatabases/{{databaseName}}", "cosmosdb:SqlResourceSqlDatabase"),
    Row(f"{COSMOS}/sqlDatabases/{{databaseName}}/containers/{{containerName}}",
        "cosmosdb:SqlResourceSqlContainer", force_new=("resource.partitionKey",)),
    Row(f"{COSMOS}/mongodbDatabases/{{databaseName}}", "cosmosdb:MongoDBResourceMongoDBDatabase"),
    Row(f"{COSMOS}/mongodbDatabases/{{databaseName}}/collections/{{collectionName}}",
        "cosmosdb:MongoDBResourceMongoDBCollection"),
    Row("Microsoft.Cache/redis/{name}", "redis:Redis", name=REDIS_NAME, unique="global",
        nested=frozenset({"sku"}), force_new=("subnetId", "zones"), secret=("accessKeys",)),
    # messages
    Row(BUS, "servicebus:Namespace", name=BUS_NAME, unique="global", force_new=("zoneRedundant",)),
    Row(f"{BUS}/queues/{{queueName}}", "servicebus:Queue"),
    Row(f"{BUS}/topics/{{topicName}}", "servicebus:Topic"),
    Row(f"{BUS}/topics/{{topicName}}/subscriptions/{{subscriptionName}}", "servicebus:Subscription"),
    Row(f"{BUS}/authorizationRules/{{authorizationRuleName}}", "servicebus:NamespaceAuthorizationRule"),
    Row(HUB, "eventhub:Namespace", name=BUS_NAME, unique="global"),
    Row(f"{HUB}/eventhubs/{{eventHubName}}", "eventhub:EventHub"),
    Row(f"{HUB}/eventhubs/{{eventHubName}}/consumergroups/{{consumerGroupName}}", "eventhub:ConsumerGroup"),
    Row(f"{HUB}/authorizationRules/{{authorizationRuleName}}", "eventhub:NamespaceAuthorizationRule"),
    # models of others
    Row(COGNITIVE, "cognitiveservices:Account",
        name=NameRule(2, 64, r"[A-Za-z0-9][\w.-]*", "letters, digits, _ . -")),
    Row(f"{COGNITIVE}/deployments/{{deploymentName}}", "cognitiveservices:Deployment"),
)
# fmt: on
