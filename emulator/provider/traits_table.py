"""What the provider has to know about single types, by their Pulumi tokens; see `traits.Traits`.

What forces a new resource is what the Azure service refuses to change in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from emulator.arm.catalog_types import ResourceType
from emulator.provider.traits import Traits

NONE: Final = Traits()
NETWORK_TOP: Final = frozenset({"id", "name", "type", "etag"})  # of every type of Microsoft.Network

COMPONENT: Final = {
    "applicationType": "Application_Type",
    "disableIpMasking": "DisableIpMasking",
    "disableLocalAuth": "DisableLocalAuth",
    "flowType": "Flow_Type",
    "forceCustomerStorageForProfiler": "ForceCustomerStorageForProfiler",
    "hockeyAppId": "HockeyAppId",
    "immediatePurgeDataOn30Days": "ImmediatePurgeDataOn30Days",
    "ingestionMode": "IngestionMode",
    "requestSource": "Request_Source",
    "retentionInDays": "RetentionInDays",
    "samplingPercentage": "SamplingPercentage",
    "workspaceResourceId": "WorkspaceResourceId",
}
ACCOUNT: Final = {
    "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
    "enableNfsV3": "isNfsV3Enabled",
    "networkRuleSet": "networkAcls",
}
RECORDS: Final = {"ttl": "TTL"} | {
    f"{kind.lower()}{form}": f"{kind}{form}"
    for form, kinds in {
        "Records": ("A", "AAAA", "CAA", "DS", "MX", "NAPTR", "NS", "PTR", "SRV", "TLSA", "TXT"),
        "Record": ("CNAME", "SOA"),
    }.items()
    for kind in kinds
}
TABLE: Final[Mapping[str, Traits]] = {
    # Each private endpoint that leads there adds one, and the SDK has a resource of its own for it.
    "apimanagement:ApiManagementService": Traits(computed=frozenset({"privateEndpointConnections"})),
    "network:VirtualNetworkPeering": Traits(
        computed=frozenset(
            {"peeringState", "peeringSyncLevel", "remoteAddressSpace", "remoteVirtualNetworkAddressSpace"}
        )
    ),
    "network:NatGateway": Traits(force_new=("sku", "zones")),
    "network:PublicIPAddress": Traits(force_new=("sku", "zones", "publicIPAddressVersion", "publicIPPrefix")),
    "network:PublicIPPrefix": Traits(force_new=("sku", "zones", "prefixLength", "publicIPAddressVersion")),
    "network:PrivateEndpoint": Traits(
        force_new=("subnet", "privateLinkServiceConnections[].privateLinkServiceId")
    ),
    "network:LoadBalancer": Traits(force_new=("sku",)),
    "privatedns:VirtualNetworkLink": Traits(force_new=("virtualNetwork",)),
    "storage:StorageAccount": Traits(
        force_new=(
            "isHnsEnabled",
            "enableNfsV3",
            "encryption.requireInfrastructureEncryption",
            "extendedLocation",
        ),
        wire=ACCOUNT,
    ),
    "storage:BlobContainer": Traits(force_new=("defaultEncryptionScope", "denyEncryptionScopeOverride")),
    "storage:FileShare": Traits(force_new=("enabledProtocols",), query=frozenset({"expand"})),
    "storage:Blob": Traits(force_new=("source", "contentMd5", "type")),
    "keyvault:Key": Traits(force_new=("properties.kty", "properties.keySize", "properties.curveName")),
    "containerregistry:Registry": Traits(force_new=("zoneRedundancy",)),
    "containerregistry:AgentPool": Traits(force_new=("os", "tier", "virtualNetworkSubnetResourceId")),
    "containerregistry:CacheRule": Traits(force_new=("sourceRepository",)),
    "authorization:RoleAssignment": Traits(
        force_new=("principalId", "principalType", "roleDefinitionId", "delegatedManagedIdentityResourceId")
    ),
    "authorization:RoleDefinition": Traits(wire={"roleType": "type"}),
    "operationalinsights:Workspace": Traits(nested=frozenset({"sku"})),
    "applicationinsights:Component": Traits(wire=COMPONENT),
    "monitor:AutoscaleSetting": Traits(top=frozenset({"name"})),
    "monitor:PrivateLinkScopedResource": Traits(nested=frozenset({"kind"})),
    "consumption:Budget": Traits(top=frozenset({"eTag"})),
    "machinelearningservices:Workspace": Traits(force_new=("hbiWorkspace", "keyVault", "storageAccount")),
    "machinelearningservices:Datastore": Traits(query=frozenset({"skipValidation"})),
    "machinelearningservices:Compute": Traits(
        force_new=(
            "properties.computeType",
            "properties.properties.vmSize",
            "properties.properties.vmPriority",
            "properties.properties.subnet",
            "properties.properties.enableNodePublicIp",
        )
    ),
    "containerinstance:ContainerGroup": Traits(
        force_new=(
            "osType",
            "restartPolicy",
            "sku",
            "priority",
            "zones",
            "subnetIds",
            "dnsConfig",
            "containers[].resources",
            "ipAddress.type",
        ),
        nested=frozenset({"sku"}),
    ),
    "containerservice:ManagedCluster": Traits(
        force_new=(
            "dnsPrefix",
            "fqdnSubdomain",
            "nodeResourceGroup",
            "diskEncryptionSetID",
            "apiServerAccessProfile.enablePrivateCluster",
            "networkProfile.serviceCidr",
            "networkProfile.dnsServiceIP",
        )
    ),
    "containerservice:AgentPool": Traits(
        force_new=(
            "vmSize",
            "osType",
            "osDiskSizeGB",
            "osDiskType",
            "maxPods",
            "vnetSubnetID",
            "podSubnetID",
            "availabilityZones",
            "scaleSetPriority",
            "scaleSetEvictionPolicy",
            "enableEncryptionAtHost",
            "enableFIPS",
        ),
        nested=frozenset({"tags"}),
    ),
    "apimanagement:Api": Traits(
        wire={
            "soapApiType": "apiType",
            "translateRequiredQueryParametersConduct": "translateRequiredQueryParameters",
        }
    ),
    "apimanagement:Backend": Traits(nested=frozenset({"properties"})),
    "apimanagement:Logger": Traits(force_new=("loggerType",)),
    "apimanagement:NamedValue": Traits(nested=frozenset({"tags"})),
    "apimanagement:Subscription": Traits(query=frozenset({"notify", "appType"})),
    "cdn:Profile": Traits(force_new=("sku",)),
    "app:ContainerApp": Traits(force_new=("environmentId",)),
    "app:Job": Traits(force_new=("environmentId",)),
    "network:AzureFirewall": Traits(force_new=("zones", "sku.name"), nested=frozenset({"sku"})),
    "network:FirewallPolicy": Traits(force_new=("sku",), nested=frozenset({"sku"})),
    "network:BastionHost": Traits(force_new=("ipConfigurations", "zones")),
    "network:VirtualNetworkGateway": Traits(force_new=("gatewayType", "vpnType"), nested=frozenset({"sku"})),
    "network:VirtualNetworkGatewayConnection": Traits(force_new=("connectionType",)),
    "network:ApplicationGateway": Traits(force_new=("zones",), nested=frozenset({"sku"})),
    "dns:Zone": Traits(force_new=("zoneType",)),
    "dns:RecordSet": Traits(wire=RECORDS),
    "compute:VirtualMachine": Traits(
        force_new=(
            "zones",
            "availabilitySet",
            "osProfile.computerName",
            "osProfile.adminUsername",
            "osProfile.adminPassword",
            "osProfile.customData",
            "osProfile.linuxConfiguration.ssh",
            "storageProfile.imageReference",
            "storageProfile.osDisk.name",
            "storageProfile.osDisk.osType",
            "storageProfile.osDisk.createOption",
            "priority",
            "plan",
            "proximityPlacementGroup",
        ),
        top=frozenset({"placement"}),
    ),
    "compute:VirtualMachineExtension": Traits(force_new=("publisher", "type"), nested=frozenset({"type"})),
    "compute:VirtualMachineScaleSet": Traits(
        force_new=("zones", "orchestrationMode", "singlePlacementGroup")
    ),
    "compute:Disk": Traits(force_new=("zones", "creationData", "hyperVGeneration", "osType")),
    "compute:Snapshot": Traits(force_new=("creationData", "hyperVGeneration", "osType")),
    "compute:Image": Traits(force_new=("sourceVirtualMachine", "storageProfile", "hyperVGeneration")),
    "compute:AvailabilitySet": Traits(
        force_new=("platformFaultDomainCount", "platformUpdateDomainCount", "sku")
    ),
    "compute:SshPublicKey": Traits(force_new=("publicKey",)),
    "compute:ProximityPlacementGroup": Traits(force_new=("proximityPlacementGroupType", "zones")),
    "web:AppServicePlan": Traits(force_new=("reserved", "isXenon")),
    "sql:Server": Traits(force_new=("administratorLogin",)),
    "sql:Database": Traits(force_new=("collation", "createMode", "sourceDatabaseId")),
    "cosmosdb:DatabaseAccount": Traits(
        force_new=("databaseAccountOfferType", "createMode", "enableFreeTier")
    ),
    "cosmosdb:SqlResourceSqlContainer": Traits(force_new=("resource.partitionKey",)),
    "redis:Redis": Traits(force_new=("subnetId", "zones"), nested=frozenset({"sku"}), secret=("accessKeys",)),
    "eventgrid:SystemTopic": Traits(force_new=("source", "topicType")),
    "servicebus:Namespace": Traits(force_new=("zoneRedundant",)),
}


def of(row: ResourceType) -> Traits:
    """The traits of a type; those of a type that the table does not name are empty."""
    return _of(row.arm_type.split("/", 1)[0], row.tokens)


@cache
def _of(namespace: str, tokens: tuple[str, ...]) -> Traits:
    found = next((TABLE[token] for token in tokens if token in TABLE), NONE)
    return replace(found, top=found.top | NETWORK_TOP) if namespace == "Microsoft.Network" else found
