"""Where Azure Resource Manager has each resource of the program: the forms of ids, and ids from inputs.

Pulumi's SDK does not tell them. A form without a slash before it begins in a resource group; `{scope}` and
`{resourceUri}` stand for the whole id of another resource. Read from Azure's definitions as of
pulumi-azure-native 3.29.0 (2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that Pulumi does not know before the resource that tells it is made."""
PREFIX: Final = "azure-native:"
GROUP: Final = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
FORMS: Final[dict[str, str]] = {
    "apimanagement:Api": "Microsoft.ApiManagement/service/{serviceName}/apis/{apiId}",
    "apimanagement:ApiManagementService": "Microsoft.ApiManagement/service/{serviceName}",
    "apimanagement:ApiPolicy": (
        "Microsoft.ApiManagement/service/{serviceName}/apis/{apiId}/policies/{policyId}"
    ),
    "apimanagement:Backend": "Microsoft.ApiManagement/service/{serviceName}/backends/{backendId}",
    "apimanagement:Diagnostic": "Microsoft.ApiManagement/service/{serviceName}/diagnostics/{diagnosticId}",
    "apimanagement:Logger": "Microsoft.ApiManagement/service/{serviceName}/loggers/{loggerId}",
    "apimanagement:NamedValue": "Microsoft.ApiManagement/service/{serviceName}/namedValues/{namedValueId}",
    "apimanagement:Policy": "Microsoft.ApiManagement/service/{serviceName}/policies/{policyId}",
    "apimanagement:PolicyFragment": "Microsoft.ApiManagement/service/{serviceName}/policyFragments/{id}",
    "apimanagement:Product": "Microsoft.ApiManagement/service/{serviceName}/products/{productId}",
    "apimanagement:ProductApi": (
        "Microsoft.ApiManagement/service/{serviceName}/products/{productId}/apis/{apiId}"
    ),
    "applicationinsights:Component": "Microsoft.Insights/components/{resourceName}",
    "applicationinsights:Workbook": "Microsoft.Insights/workbooks/{resourceName}",
    "authorization:ManagementLockByScope": "{scope}/providers/Microsoft.Authorization/locks/{lockName}",
    "authorization:RoleAssignment": (
        "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"
    ),
    "authorization:RoleDefinition": (
        "{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}"
    ),
    "compute:VirtualMachineScaleSet": "Microsoft.Compute/virtualMachineScaleSets/{vmScaleSetName}",
    "consumption:Budget": "{scope}/providers/Microsoft.Consumption/budgets/{budgetName}",
    "containerinstance:ContainerGroup": "Microsoft.ContainerInstance/containerGroups/{containerGroupName}",
    "containerregistry:AgentPool": (
        "Microsoft.ContainerRegistry/registries/{registryName}/agentPools/{agentPoolName}"
    ),
    "containerregistry:CacheRule": (
        "Microsoft.ContainerRegistry/registries/{registryName}/cacheRules/{cacheRuleName}"
    ),
    "containerregistry:Registry": "Microsoft.ContainerRegistry/registries/{registryName}",
    "containerservice:AgentPool": (
        "Microsoft.ContainerService/managedClusters/{resourceName}/agentPools/{agentPoolName}"
    ),
    "containerservice:MaintenanceConfiguration": (
        "Microsoft.ContainerService/managedClusters/{resourceName}/maintenanceConfigurations/{configName}"
    ),
    "containerservice:ManagedCluster": "Microsoft.ContainerService/managedClusters/{resourceName}",
    "containerservice:ManagedNamespace": (
        "Microsoft.ContainerService/managedClusters/{resourceName}/managedNamespaces/{managedNamespaceName}"
    ),
    "dbforpostgresql:AdministratorsMicrosoftEntra": (
        "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/administrators/{objectId}"
    ),
    "dbforpostgresql:Configuration": (
        "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/configurations/{configurationName}"
    ),
    "dbforpostgresql:Server": "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}",
    "eventgrid:SystemTopic": "Microsoft.EventGrid/systemTopics/{systemTopicName}",
    "eventgrid:SystemTopicEventSubscription": (
        "Microsoft.EventGrid/systemTopics/{systemTopicName}/eventSubscriptions/{eventSubscriptionName}"
    ),
    "keyvault:Key": "Microsoft.KeyVault/vaults/{vaultName}/keys/{keyName}",
    "keyvault:Vault": "Microsoft.KeyVault/vaults/{vaultName}",
    "machinelearningservices:Compute": (
        "Microsoft.MachineLearningServices/workspaces/{workspaceName}/computes/{computeName}"
    ),
    "machinelearningservices:Datastore": (
        "Microsoft.MachineLearningServices/workspaces/{workspaceName}/datastores/{name}"
    ),
    "machinelearningservices:Workspace": "Microsoft.MachineLearningServices/workspaces/{workspaceName}",
    "managedidentity:FederatedIdentityCredential": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}/"
        "federatedIdentityCredentials/{federatedIdentityCredentialResourceName}"
    ),
    "managedidentity:UserAssignedIdentity": "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
    "monitor:ActionGroup": "Microsoft.Insights/actionGroups/{actionGroupName}",
    "monitor:DataCollectionRule": "Microsoft.Insights/dataCollectionRules/{dataCollectionRuleName}",
    "monitor:DataCollectionRuleAssociation": (
        "{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{associationName}"
    ),
    "monitor:DiagnosticSetting": "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
    "monitor:MetricAlert": "Microsoft.Insights/metricAlerts/{ruleName}",
    "monitor:PrivateLinkScope": "Microsoft.Insights/privateLinkScopes/{scopeName}",
    "monitor:PrivateLinkScopedResource": (
        "Microsoft.Insights/privateLinkScopes/{scopeName}/scopedResources/{name}"
    ),
    "monitor:ScheduledQueryRule": "Microsoft.Insights/scheduledQueryRules/{ruleName}",
    "network:ApplicationSecurityGroup": (
        "Microsoft.Network/applicationSecurityGroups/{applicationSecurityGroupName}"
    ),
    "network:NatGateway": "Microsoft.Network/natGateways/{natGatewayName}",
    "network:NetworkSecurityGroup": "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    "network:PrivateDnsZoneGroup": (
        "Microsoft.Network/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/"
        "{privateDnsZoneGroupName}"
    ),
    "network:PrivateEndpoint": "Microsoft.Network/privateEndpoints/{privateEndpointName}",
    "network:PublicIPAddress": "Microsoft.Network/publicIPAddresses/{publicIpAddressName}",
    "network:RouteTable": "Microsoft.Network/routeTables/{routeTableName}",
    "network:ServiceEndpointPolicy": "Microsoft.Network/serviceEndpointPolicies/{serviceEndpointPolicyName}",
    "network:Subnet": "Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
    "network:VirtualNetwork": "Microsoft.Network/virtualNetworks/{virtualNetworkName}",
    "network:VirtualNetworkPeering": (
        "Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/"
        "{virtualNetworkPeeringName}"
    ),
    "operationalinsights:Workspace": "Microsoft.OperationalInsights/workspaces/{workspaceName}",
    "privatedns:PrivateZone": "Microsoft.Network/privateDnsZones/{privateZoneName}",
    "privatedns:VirtualNetworkLink": (
        "Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}"
    ),
    "resources:ResourceGroup": "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}",
    "storage:BlobContainer": (
        "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}"
    ),
    "storage:BlobContainerImmutabilityPolicy": (
        "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/"
        "{containerName}/immutabilityPolicies/{immutabilityPolicyName}"
    ),
    "storage:BlobServiceProperties": (
        "Microsoft.Storage/storageAccounts/{accountName}/blobServices/{blobServicesName}"
    ),
    "storage:ManagementPolicy": (
        "Microsoft.Storage/storageAccounts/{accountName}/managementPolicies/{managementPolicyName}"
    ),
    "storage:Queue": (
        "Microsoft.Storage/storageAccounts/{accountName}/queueServices/default/queues/{queueName}"
    ),
    "storage:StorageAccount": "Microsoft.Storage/storageAccounts/{accountName}",
    "web:AppServicePlan": "Microsoft.Web/serverfarms/{name}",
    "web:WebApp": "Microsoft.Web/sites/{name}",
    "web:WebAppAuthSettingsV2": "Microsoft.Web/sites/{name}/config/authsettingsV2",
    "web:WebAppFtpAllowed": "Microsoft.Web/sites/{name}/basicPublishingCredentialsPolicies/ftp",
    "web:WebAppScmAllowed": "Microsoft.Web/sites/{name}/basicPublishingCredentialsPolicies/scm",
}
_PART: Final = re.compile(r"\{(\w+)\}")
_WHOLE: Final = ("scope", "resourceuri")


def id_of(type_: str, inputs: Mapping[str, object], subscription: str) -> str | None:
    """The id of a resource with these inputs; None while a part of it is not known yet.

    type_: as `azure-native:network:Subnet`. Raises LookupError for a type without a form.
    """
    key = type_.removeprefix(PREFIX)
    if key not in FORMS:
        raise LookupError(f"infra/arm_ids.py has no form for the ids of {type_}: add its row")
    form = FORMS[key]
    values = {name.lower(): value for name, value in inputs.items()} | {"subscriptionid": subscription}
    parts: dict[str, str] = {}
    whole = form if form.startswith(("/", "{")) else f"{GROUP}/providers/{form}"
    for name in _PART.findall(whole):
        value = values.get(name.lower())
        if not isinstance(value, str) or not value or UNKNOWN in value:
            return None
        parts[name] = value.strip("/") if name.lower() in _WHOLE else value
    return "/" + _PART.sub(lambda match: parts[match[1]], whole).lstrip("/")
