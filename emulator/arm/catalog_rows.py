"""The rows of the catalog. One row a type; see `catalog_types.ResourceType` for what each column means.

Name rules are Azure's own ("Naming rules and restrictions for Azure resources"). What forces a new resource
is what the Azure service refuses to change in place.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_rows_more import MORE
from emulator.arm.catalog_types import GROUP, Function, NameRule, ResourceType, Row

WORD: Final = "letters, digits, underscores, hyphens and periods, starting with a letter or digit"
NETWORK: Final = NameRule(
    1, 80, r"[A-Za-z0-9](?:[\w.-]*\w)?", WORD + ", ending with a letter, digit or underscore"
)
ASSET: Final = NameRule(1, 255, r"[A-Za-z0-9][\w-]*", "letters, digits, underscores and hyphens")
ENDPOINT: Final = NameRule(
    3, 32, r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens, a letter first"
)
VERSION: Final = NameRule(1, 30, r"[A-Za-z0-9][\w.-]*", WORD)
HYPHENS: Final = "letters, digits and hyphens, no hyphen first or last"
OBJECT: Final = NameRule(1, 127, r"[A-Za-z0-9-]+", "letters, digits and hyphens")
INSIGHTS: Final = NameRule(
    1, 260, r"[^*#&+:<>?@%{}\\/]*[^*#&+:<>?@%{}\\/. ]", "none of * # & + : < > ? @ % { } \\ /"
)
UUID: Final = NameRule(36, 36, r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID is needed")
APIM: Final = NameRule(1, 80, r"[^*#&+:<>?]+", "none of * # & + : < > ?")
LETTER_FIRST: Final = "letters, digits and hyphens, a letter first"
DASHED: Final = NameRule(2, 128, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores")
CONTAINER: Final = NameRule(
    3,
    63,
    r"(?:\$root|\$web|[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9])",
    "lower-case letters, digits and single hyphens",
)

VAULT: Final = NameRule(
    3, 24, r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and single hyphens"
)
INSTANCE: Final = NameRule(
    1, 63, r"[a-z0-9](?!.*--)(?:[a-z0-9-]*[a-z0-9])?", "lower-case letters, digits and single hyphens"
)
CLUSTER: Final = NameRule(1, 63, r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?", DASHED.words)
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
NET: Final = "Microsoft.Network"


STORAGE: Final = "Microsoft.Storage/storageAccounts/{accountName}"
ML: Final = "Microsoft.MachineLearningServices/workspaces/{workspaceName}"
ML_REGISTRY: Final = "Microsoft.MachineLearningServices/registries/{registryName}"
ACR: Final = "Microsoft.ContainerRegistry/registries/{registryName}"
AKS: Final = "Microsoft.ContainerService/managedClusters/{resourceName}"
SERVICE: Final = "Microsoft.ApiManagement/service/{serviceName}"
AUTHORIZATION: Final = "{scope}/providers/Microsoft.Authorization"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(GROUP, "resources:ResourceGroup",
        name=NameRule(1, 90, r"[-\w.()]*[-\w()]", "letters, digits, _ - . ()")),
    # network
    Row(f"{NET}/virtualNetworks/{{virtualNetworkName}}", "network:VirtualNetwork", name=NETWORK,
        inline={"subnets": f"{NET}/virtualNetworks/subnets"}),
    Row(f"{NET}/virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}", "network:Subnet",
        name=NETWORK),
    Row(f"{NET}/virtualNetworks/{{virtualNetworkName}}/virtualNetworkPeerings/{{virtualNetworkPeeringName}}",
        "network:VirtualNetworkPeering", name=NETWORK,
        computed=frozenset({"peeringState", "peeringSyncLevel", "remoteAddressSpace",
            "remoteVirtualNetworkAddressSpace"})),
    Row(f"{NET}/networkSecurityGroups/{{networkSecurityGroupName}}", "network:NetworkSecurityGroup",
        name=NETWORK, inline={"securityRules": f"{NET}/networkSecurityGroups/securityRules"}),
    Row(f"{NET}/networkSecurityGroups/{{networkSecurityGroupName}}/securityRules/{{securityRuleName}}",
        "network:SecurityRule", name=NETWORK),
    Row(f"{NET}/routeTables/{{routeTableName}}", "network:RouteTable", name=NETWORK,
        inline={"routes": f"{NET}/routeTables/routes"}),
    Row(f"{NET}/routeTables/{{routeTableName}}/routes/{{routeName}}", "network:Route", name=NETWORK),
    Row(f"{NET}/natGateways/{{natGatewayName}}", "network:NatGateway", name=NETWORK,
        force_new=("sku", "zones")),
    Row(f"{NET}/publicIPAddresses/{{publicIpAddressName}}", "network:PublicIPAddress", name=NETWORK,
        force_new=("sku", "zones", "publicIPAddressVersion", "publicIPPrefix")),
    Row(f"{NET}/publicIPPrefixes/{{publicIpPrefixName}}", "network:PublicIPPrefix", name=NETWORK,
        force_new=("sku", "zones", "prefixLength", "publicIPAddressVersion")),
    Row(f"{NET}/privateEndpoints/{{privateEndpointName}}", "network:PrivateEndpoint", name=NETWORK,
        force_new=("subnet", "privateLinkServiceConnections[].privateLinkServiceId")),
    Row(f"{NET}/privateEndpoints/{{privateEndpointName}}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        "network:PrivateDnsZoneGroup", name=NETWORK),
    Row(f"{NET}/loadBalancers/{{loadBalancerName}}", "network:LoadBalancer", name=NETWORK, force_new=("sku",),
        inline={"backendAddressPools": f"{NET}/loadBalancers/backendAddressPools"}),
    Row(f"{NET}/loadBalancers/{{loadBalancerName}}/backendAddressPools/{{backendAddressPoolName}}",
        "network:LoadBalancerBackendAddressPool", name=NETWORK),
    Row(f"{NET}/networkInterfaces/{{networkInterfaceName}}", "network:NetworkInterface", name=NETWORK),
    Row(f"{NET}/applicationSecurityGroups/{{applicationSecurityGroupName}}",
        "network:ApplicationSecurityGroup", name=NETWORK),
    Row(f"{NET}/privateDnsZones/{{privateZoneName}}", "privatedns:PrivateZone",
        name=NameRule(1, 253, r"(?:[\w-]+\.)+[\w-]+", "a DNS zone of at least two labels")),
    Row(f"{NET}/privateDnsZones/{{privateZoneName}}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
        "privatedns:VirtualNetworkLink", name=NETWORK, force_new=("virtualNetwork",)),
    Row(f"{NET}/privateDnsZones/{{privateZoneName}}/{{recordType}}/{{relativeRecordSetName}}",
        "privatedns:PrivateRecordSet"),
    # storage
    Row(STORAGE, "storage:StorageAccount",
        name=NameRule(3, 24, r"[a-z0-9]+", "lower-case letters and digits only"), unique="global",
        force_new=("isHnsEnabled", "enableNfsV3", "encryption.requireInfrastructureEncryption",
            "extendedLocation"), wire=ACCOUNT),
    Row(f"{STORAGE}/blobServices/{{blobServicesName}}", "storage:BlobServiceProperties",
        presence="with_parent"),
    Row(f"{STORAGE}/blobServices/default/containers/{{containerName}}", "storage:BlobContainer",
        name=CONTAINER, force_new=("defaultEncryptionScope", "denyEncryptionScopeOverride")),
    Row(f"{STORAGE}/fileServices/{{fileServicesName}}", "storage:FileServiceProperties",
        presence="with_parent"),
    Row(f"{STORAGE}/fileServices/default/shares/{{shareName}}", "storage:FileShare", name=CONTAINER,
        force_new=("enabledProtocols",), query=frozenset({"expand"})),
    Row(f"{STORAGE}/queueServices/{{queueServiceName}}", "storage:QueueServiceProperties",
        presence="with_parent"),
    Row(f"{STORAGE}/queueServices/default/queues/{{queueName}}", "storage:Queue", name=CONTAINER),
    Row(f"{STORAGE}/tableServices/{{tableServiceName}}", "storage:TableServiceProperties",
        presence="with_parent"),
    Row(f"{STORAGE}/tableServices/default/tables/{{tableName}}", "storage:Table",
        name=NameRule(3, 63, r"[A-Za-z][A-Za-z0-9]*", "letters and digits, a letter first")),
    Row(f"{STORAGE}/staticWebsite", "storage:StorageAccountStaticWebsite", plane="blob"),
    Row(f"{STORAGE}/blobServices/default/containers/{{containerName}}/blobs/{{blobName}}", "storage:Blob",
        plane="blob", force_new=("source", "contentMd5", "type")),
    Row(f"{STORAGE}/managementPolicies/{{managementPolicyName}}", "storage:ManagementPolicy"),
    Row(f"{STORAGE}/encryptionScopes/{{encryptionScopeName}}", "storage:EncryptionScope"),
    # key vault
    Row("Microsoft.KeyVault/vaults/{vaultName}", "keyvault:Vault",
        name=VAULT, unique="global"),
    Row("Microsoft.KeyVault/vaults/{vaultName}/secrets/{secretName}", "keyvault:Secret", name=OBJECT),
    Row("Microsoft.KeyVault/vaults/{vaultName}/keys/{keyName}", "keyvault:Key", name=OBJECT,
        force_new=("properties.kty", "properties.keySize", "properties.curveName")),
    # container registry
    Row(ACR, "containerregistry:Registry", name=NameRule(5, 50, r"[A-Za-z0-9]+", "letters and digits only"),
        unique="global", force_new=("zoneRedundancy",)),
    Row(f"{ACR}/agentPools/{{agentPoolName}}", "containerregistry:AgentPool",
        name=NameRule(3, 20, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])", HYPHENS),
        force_new=("os", "tier", "virtualNetworkSubnetResourceId")),
    Row(f"{ACR}/replications/{{replicationName}}", "containerregistry:Replication"),
    Row(f"{ACR}/webhooks/{{webhookName}}", "containerregistry:Webhook"),
    Row(f"{ACR}/cacheRules/{{cacheRuleName}}", "containerregistry:CacheRule",
        force_new=("sourceRepository",)),
    Row(f"{ACR}/credentialSets/{{credentialSetName}}", "containerregistry:CredentialSet"),
    Row(f"{ACR}/scopeMaps/{{scopeMapName}}", "containerregistry:ScopeMap"),
    Row(f"{ACR}/tokens/{{tokenName}}", "containerregistry:Token"),
    Row(f"{ACR}/tasks/{{taskName}}", "containerregistry:Task"),
    Row(f"{ACR}/taskRuns/{{taskRunName}}", "containerregistry:TaskRun"),
    Row(f"{ACR}/runs/{{runId}}"),
    # identity and access
    Row("Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
        "managedidentity:UserAssignedIdentity",
        name=NameRule(3, 128, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores")),
    Row("Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
            "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
        "managedidentity:FederatedIdentityCredential",
        name=NameRule(3, 120, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores")),
    Row(f"{AUTHORIZATION}/roleAssignments/{{roleAssignmentName}}", "authorization:RoleAssignment", name=UUID,
        force_new=("principalId", "principalType", "roleDefinitionId", "delegatedManagedIdentityResourceId")),
    Row(f"{AUTHORIZATION}/roleDefinitions/{{roleDefinitionId}}", "authorization:RoleDefinition", name=UUID,
        wire={"roleType": "type"}),
    Row(f"{AUTHORIZATION}/locks/{{lockName}}", "authorization:ManagementLockByScope"),
    Row(f"{GROUP}/providers/Microsoft.Authorization/locks/{{lockName}}",
        "authorization:ManagementLockAtResourceGroupLevel"),
    Row("/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/locks/{lockName}",
        "authorization:ManagementLockAtSubscriptionLevel"),
    Row(f"{AUTHORIZATION}/policyAssignments/{{policyAssignmentName}}", "authorization:PolicyAssignment",
        name=NameRule(1, 128, r"[^%&\\?/]*[^%&\\?/. ]", "none of % & \\ ? /")),
    Row("/subscriptions/{subscriptionId}"
            "/providers/Microsoft.Authorization/policyDefinitions/{policyDefinitionName}",
        "authorization:PolicyDefinition"),
    # observability
    Row("Microsoft.OperationalInsights/workspaces/{workspaceName}", "operationalinsights:Workspace",
        name=NameRule(4, 63, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", HYPHENS), nested=frozenset({"sku"})),
    Row("Microsoft.OperationalInsights/workspaces/{workspaceName}/tables/{tableName}",
        "operationalinsights:Table"),
    Row("Microsoft.OperationalInsights/workspaces/{workspaceName}/savedSearches/{savedSearchId}",
        "operationalinsights:SavedSearch"),
    Row("Microsoft.Insights/components/{resourceName}", "applicationinsights:Component", name=INSIGHTS,
        wire=COMPONENT),
    Row("Microsoft.Insights/workbooks/{resourceName}", "applicationinsights:Workbook", name=UUID),
    Row("{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}", "monitor:DiagnosticSetting"),
    Row("Microsoft.Insights/actionGroups/{actionGroupName}", "monitor:ActionGroup", name=INSIGHTS),
    Row("Microsoft.Insights/scheduledQueryRules/{ruleName}", "monitor:ScheduledQueryRule", name=INSIGHTS),
    Row("Microsoft.Insights/metricAlerts/{ruleName}", "monitor:MetricAlert", name=INSIGHTS),
    Row("Microsoft.Insights/activityLogAlerts/{activityLogAlertName}", "monitor:ActivityLogAlert",
        name=INSIGHTS),
    Row("Microsoft.Insights/autoscalesettings/{autoscaleSettingName}", "monitor:AutoscaleSetting",
        top=frozenset({"name"})),
    Row("Microsoft.Insights/dataCollectionEndpoints/{dataCollectionEndpointName}",
        "monitor:DataCollectionEndpoint"),
    Row("Microsoft.Insights/dataCollectionRules/{dataCollectionRuleName}", "monitor:DataCollectionRule"),
    Row("{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{associationName}",
        "monitor:DataCollectionRuleAssociation"),
    Row("Microsoft.Insights/privateLinkScopes/{scopeName}", "monitor:PrivateLinkScope"),
    Row("Microsoft.Insights/privateLinkScopes/{scopeName}/scopedResources/{name}",
        "monitor:PrivateLinkScopedResource", nested=frozenset({"kind"})),
    Row("{scope}/providers/Microsoft.Consumption/budgets/{budgetName}", "consumption:Budget",
        top=frozenset({"eTag"})),
    Row("Microsoft.Portal/dashboards/{dashboardName}", "portal:Dashboard"),
    Row("Microsoft.AlertsManagement/smartDetectorAlertRules/{alertRuleName}",
        "alertsmanagement:SmartDetectorAlertRule"),
    # machine learning
    Row(ML, "machinelearningservices:Workspace",
        name=NameRule(3, 33, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores"),
        force_new=("hbiWorkspace", "keyVault", "storageAccount")),
    Row(f"{ML}/datastores/{{name}}", "machinelearningservices:Datastore",
        name=NameRule(1, 255, r"[A-Za-z0-9_]+", "letters, digits and underscores"),
        query=frozenset({"skipValidation"})),
    Row(f"{ML}/computes/{{computeName}}", "machinelearningservices:Compute",
        name=NameRule(2, 32, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])", LETTER_FIRST),
        force_new=("properties.computeType", "properties.properties.vmSize",
            "properties.properties.vmPriority", "properties.properties.subnet",
            "properties.properties.enableNodePublicIp")),
    Row(f"{ML}/connections/{{connectionName}}", "machinelearningservices:WorkspaceConnection"),
    Row(f"{ML}/outboundRules/{{ruleName}}", "machinelearningservices:ManagedNetworkSettingsRule"),
    Row(f"{ML}/codes/{{name}}", "machinelearningservices:CodeContainer", name=ASSET, presence="with_child"),
    Row(f"{ML}/codes/{{name}}/versions/{{version}}", "machinelearningservices:CodeVersion", name=VERSION),
    Row(f"{ML}/components/{{name}}", "machinelearningservices:ComponentContainer", name=ASSET,
        presence="with_child"),
    Row(f"{ML}/components/{{name}}/versions/{{version}}", "machinelearningservices:ComponentVersion"),
    Row(f"{ML}/data/{{name}}", "machinelearningservices:DataContainer", name=ASSET, presence="with_child"),
    Row(f"{ML}/data/{{name}}/versions/{{version}}", "machinelearningservices:DataVersion", name=VERSION),
    Row(f"{ML}/environments/{{name}}", "machinelearningservices:EnvironmentContainer", name=ASSET,
        presence="with_child"),
    Row(f"{ML}/environments/{{name}}/versions/{{version}}", "machinelearningservices:EnvironmentVersion"),
    Row(f"{ML}/models/{{name}}", "machinelearningservices:ModelContainer", name=ASSET, presence="with_child"),
    Row(f"{ML}/models/{{name}}/versions/{{version}}", "machinelearningservices:ModelVersion", name=VERSION),
    Row(f"{ML}/jobs/{{id}}", "machinelearningservices:Job"),
    Row(f"{ML}/schedules/{{name}}", "machinelearningservices:Schedule"),
    Row(f"{ML}/onlineEndpoints/{{endpointName}}", "machinelearningservices:OnlineEndpoint", name=ENDPOINT),
    Row(f"{ML}/onlineEndpoints/{{endpointName}}/deployments/{{deploymentName}}",
        "machinelearningservices:OnlineDeployment", name=ENDPOINT),
    Row(f"{ML}/batchEndpoints/{{endpointName}}", "machinelearningservices:BatchEndpoint", name=ENDPOINT),
    Row(f"{ML}/batchEndpoints/{{endpointName}}/deployments/{{deploymentName}}",
        "machinelearningservices:BatchDeployment", name=ENDPOINT),
    Row(ML_REGISTRY, "machinelearningservices:Registry", name=NameRule(2, 32, r"[A-Za-z0-9][\w-]*", WORD)),
    Row(f"{ML_REGISTRY}/models/{{modelName}}", "machinelearningservices:RegistryModelContainer",
        presence="with_child"),
    Row(f"{ML_REGISTRY}/models/{{modelName}}/versions/{{version}}",
        "machinelearningservices:RegistryModelVersion"),
    Row(f"{ML_REGISTRY}/environments/{{environmentName}}",
        "machinelearningservices:RegistryEnvironmentContainer", presence="with_child"),
    Row(f"{ML_REGISTRY}/environments/{{environmentName}}/versions/{{version}}",
        "machinelearningservices:RegistryEnvironmentVersion"),
    # where the model answers
    Row("Microsoft.ContainerInstance/containerGroups/{containerGroupName}",
        "containerinstance:ContainerGroup",
        name=INSTANCE,
        force_new=("osType", "restartPolicy", "sku", "priority", "zones", "subnetIds", "dnsConfig",
            "containers[].resources", "ipAddress.type"), nested=frozenset({"sku"})),
    Row(AKS, "containerservice:ManagedCluster",
        name=CLUSTER,
        force_new=("dnsPrefix", "fqdnSubdomain", "nodeResourceGroup", "diskEncryptionSetID",
            "apiServerAccessProfile.enablePrivateCluster", "networkProfile.serviceCidr",
            "networkProfile.dnsServiceIP")),
    Row(f"{AKS}/agentPools/{{agentPoolName}}", "containerservice:AgentPool",
        name=NameRule(1, 12, r"[a-z][a-z0-9]*", "lower-case letters and digits, a letter first"),
        force_new=("vmSize", "osType", "osDiskSizeGB", "osDiskType", "maxPods", "vnetSubnetID",
            "podSubnetID", "availabilityZones", "scaleSetPriority", "scaleSetEvictionPolicy",
            "enableEncryptionAtHost", "enableFIPS"), nested=frozenset({"tags"})),
    Row(f"{AKS}/maintenanceConfigurations/{{configName}}", "containerservice:MaintenanceConfiguration"),
    Row(f"{AKS}/trustedAccessRoleBindings/{{trustedAccessRoleBindingName}}",
        "containerservice:TrustedAccessRoleBinding"),
    # API management
    Row(SERVICE, "apimanagement:ApiManagementService",
        name=NameRule(1, 50, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?", LETTER_FIRST), unique="global"),
    Row(f"{SERVICE}/apis/{{apiId}}", "apimanagement:Api", name=NameRule(1, 256, r"[^*#&+:<>?]+", APIM.words),
        wire={"soapApiType": "apiType",
            "translateRequiredQueryParametersConduct": "translateRequiredQueryParameters"}),
    Row(f"{SERVICE}/apis/{{apiId}}/policies/{{policyId}}", "apimanagement:ApiPolicy"),
    Row(f"{SERVICE}/apis/{{apiId}}/operations/{{operationId}}", "apimanagement:ApiOperation", name=APIM),
    Row(f"{SERVICE}/apis/{{apiId}}/operations/{{operationId}}/policies/{{policyId}}",
        "apimanagement:ApiOperationPolicy"),
    Row(f"{SERVICE}/apis/{{apiId}}/diagnostics/{{diagnosticId}}", "apimanagement:ApiDiagnostic"),
    Row(f"{SERVICE}/apis/{{apiId}}/releases/{{releaseId}}", "apimanagement:ApiRelease"),
    Row(f"{SERVICE}/apis/{{apiId}}/schemas/{{schemaId}}", "apimanagement:ApiSchema"),
    Row(f"{SERVICE}/apiVersionSets/{{versionSetId}}", "apimanagement:ApiVersionSet", name=APIM),
    Row(f"{SERVICE}/backends/{{backendId}}", "apimanagement:Backend", name=APIM,
        nested=frozenset({"properties"})),
    Row(f"{SERVICE}/diagnostics/{{diagnosticId}}", "apimanagement:Diagnostic"),
    Row(f"{SERVICE}/loggers/{{loggerId}}", "apimanagement:Logger", force_new=("loggerType",)),
    Row(f"{SERVICE}/namedValues/{{namedValueId}}", "apimanagement:NamedValue", nested=frozenset({"tags"})),
    Row(f"{SERVICE}/policies/{{policyId}}", "apimanagement:Policy"),
    Row(f"{SERVICE}/policyFragments/{{id}}", "apimanagement:PolicyFragment"),
    Row(f"{SERVICE}/products/{{productId}}", "apimanagement:Product", name=APIM),
    Row(f"{SERVICE}/products/{{productId}}/apis/{{apiId}}", "apimanagement:ProductApi"),
    Row(f"{SERVICE}/products/{{productId}}/policies/{{policyId}}", "apimanagement:ProductPolicy"),
    Row(f"{SERVICE}/subscriptions/{{sid}}", "apimanagement:Subscription",
        query=frozenset({"notify", "appType"})),
    # the console and what else answers over HTTP
    Row("Microsoft.Web/staticSites/{name}", "web:StaticSite"),
    Row("Microsoft.Cdn/profiles/{profileName}", "cdn:Profile", force_new=("sku",)),
    Row("Microsoft.Cdn/profiles/{profileName}/endpoints/{endpointName}", "cdn:Endpoint", unique="global"),
    Row("Microsoft.App/managedEnvironments/{environmentName}", "app:ManagedEnvironment"),
    Row("Microsoft.App/containerApps/{containerAppName}", "app:ContainerApp", force_new=("environmentId",)),
    Row("Microsoft.App/jobs/{jobName}", "app:Job", force_new=("environmentId",)),
    *MORE,
)
# fmt: on

FUNCTIONS: Final[dict[str, Function]] = {
    "storage:listStorageAccountKeys": Function("storage:StorageAccount", "listKeys"),
    "storage:listStorageAccountSAS": Function("storage:StorageAccount", "listAccountSas"),
    "storage:listStorageAccountServiceSAS": Function("storage:StorageAccount", "listServiceSas"),
    "containerregistry:listRegistryCredentials": Function("containerregistry:Registry", "listCredentials"),
    "containerregistry:listRegistryBuildSourceUploadUrl": Function(
        "containerregistry:Registry", "listBuildSourceUploadUrl"
    ),
    "operationalinsights:getSharedKeys": Function("operationalinsights:Workspace", "sharedKeys"),
    "operationalinsights:getWorkspaceSharedKeys": Function("operationalinsights:Workspace", "sharedKeys"),
    "machinelearningservices:listWorkspaceKeys": Function("machinelearningservices:Workspace", "listKeys"),
    "machinelearningservices:listComputeKeys": Function("machinelearningservices:Compute", "listKeys"),
    "machinelearningservices:listComputeNodes": Function("machinelearningservices:Compute", "listNodes"),
    "machinelearningservices:listDatastoreSecrets": Function(
        "machinelearningservices:Datastore", "listSecrets"
    ),
    "machinelearningservices:listOnlineEndpointKeys": Function(
        "machinelearningservices:OnlineEndpoint", "listKeys"
    ),
    "machinelearningservices:listBatchEndpointKeys": Function(
        "machinelearningservices:BatchEndpoint", "listkeys"
    ),
    "cosmosdb:listDatabaseAccountKeys": Function("cosmosdb:DatabaseAccount", "listKeys"),
    "redis:listRedisKeys": Function("redis:Redis", "listKeys"),
    "containerservice:listManagedClusterUserCredentials": Function(
        "containerservice:ManagedCluster", "listClusterUserCredential"
    ),
    "containerservice:listManagedClusterAdminCredentials": Function(
        "containerservice:ManagedCluster", "listClusterAdminCredential"
    ),
    "apimanagement:listSubscriptionSecrets": Function("apimanagement:Subscription", "listSecrets"),
    "apimanagement:listNamedValue": Function("apimanagement:NamedValue", "listValue"),
}
