"""One resource of each type as the rules want it: the green fixture of every rule over that type."""

from typing import Any, Final

DIGEST: Final = "sha256:" + "0" * 64
PRIVILEGE: Final = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/"


def rule(name: str, priority: int, direction: str, access: str, **more: Any) -> dict[str, Any]:
    """A security rule; everything unless `more` says otherwise."""
    every = {"sourcePortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}
    said = {"name": name, "priority": priority, "direction": direction, "access": access, "protocol": "*"}
    return {**said, **every, "destinationPortRange": "*", **more}


OWN: Final = "10.0.0.0/24"
RULE: Final = rule(
    "in",
    100,
    "Inbound",
    "Allow",
    sourceAddressPrefix="10.0.1.0/24",
    destinationAddressPrefix=OWN,
    destinationPortRange="443",
)
POOL: Final[dict[str, Any]] = {
    "name": "system",
    "mode": "System",
    "enableNodePublicIP": False,
    "vnetSubnetID": "id of network-kubernetes",
    "maxPods": 110,
    "type": "VirtualMachineScaleSets",
    "enableEncryptionAtHost": True,
    "enableAutoScaling": True,
    "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
}

GREEN: Final[dict[str, dict[str, Any]]] = {
    "storage:StorageAccount": {
        "kind": "StorageV2",
        "sku": {"name": "Standard_ZRS"},
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "defaultToOAuthAuthentication": True,
        "minimumTlsVersion": "TLS1_2",
        "enableHttpsTrafficOnly": True,
        "allowCrossTenantReplication": False,
        "isLocalUserEnabled": False,
        "isSftpEnabled": False,
        "networkRuleSet": {"defaultAction": "Deny", "bypass": "AzureServices"},
        "publicNetworkAccess": "Disabled",
        "encryption": {
            "requireInfrastructureEncryption": True,
            "services": {"blob": {"enabled": True}, "file": {"enabled": True}},
        },
        "sasPolicy": {"sasExpirationPeriod": "1.00:00:00"},
    },
    "storage:BlobServiceProperties": {
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": 7, "allowPermanentDelete": False},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": 7},
        "changeFeed": {"enabled": True, "retentionInDays": 7},
    },
    "storage:BlobContainer": {"publicAccess": "None"},
    "storage:FileServiceProperties": {"shareDeleteRetentionPolicy": {"enabled": True, "days": 7}},
    "keyvault:Vault": {
        "properties": {
            "enableRbacAuthorization": True,
            "enablePurgeProtection": True,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "networkAcls": {
                "defaultAction": "Deny",
                "bypass": "AzureServices",
                "virtualNetworkRules": [
                    {"id": "id of network-training", "ignoreMissingVnetServiceEndpoint": False}
                ],
            },
            "publicNetworkAccess": "Disabled",
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
        }
    },
    "keyvault:Secret": {"properties": {"attributes": {"expires": 1893456000}}},
    "keyvault:Key": {"properties": {"attributes": {"exp": 1893456000}}},
    "containerregistry:Registry": {
        "sku": {"name": "Premium"},
        "adminUserEnabled": False,
        "anonymousPullEnabled": False,
        "publicNetworkAccess": "Disabled",
        "networkRuleSet": {"defaultAction": "Deny"},
        "networkRuleBypassOptions": "AzureServices",
        "dataEndpointEnabled": True,
        "zoneRedundancy": "Enabled",
        "policies": {
            "retentionPolicy": {"status": "enabled", "days": 30},
            "exportPolicy": {"status": "disabled"},
            "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
        },
    },
    "compute:VirtualMachineScaleSet": {
        "identity": {"type": "UserAssigned"},
        "virtualMachineProfile": {
            "osProfile": {
                "allowExtensionOperations": False,
                "linuxConfiguration": {"disablePasswordAuthentication": True},
            },
            "securityProfile": {
                "encryptionAtHost": True,
                "securityType": "TrustedLaunch",
                "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
            },
            "networkProfile": {
                "networkInterfaceConfigurations": [
                    {
                        "name": "one",
                        "enableIPForwarding": False,
                        "ipConfigurations": [{"name": "one", "subnet": {"id": "id of subnet"}}],
                    }
                ]
            },
        },
    },
    "dbforpostgresql:Server": {
        "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"},
        "network": {"publicNetworkAccess": "Disabled"},
        "backup": {"backupRetentionDays": 7},
    },
    "dbforpostgresql:Configuration": {"configurationName": "require_secure_transport", "value": "ON"},
    "machinelearningservices:Workspace": {
        "publicNetworkAccess": "Disabled",
        "identity": {"type": "UserAssigned"},
        "primaryUserAssignedIdentity": "id of identities-workspace",
        "systemDatastoresAuthMode": "Identity",
        "v1LegacyMode": False,
        "managedNetwork": {"isolationMode": "Disabled"},
        "imageBuildCompute": "cpu",
        "storageAccount": "id of storage",
        "keyVault": "id of vault",
        "containerRegistry": "id of registry",
        "applicationInsights": "id of insights",
    },
    "machinelearningservices:Datastore": {
        "properties": {
            "credentials": {"credentialsType": "None"},
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "WorkspaceUserAssignedIdentity",
        }
    },
    "machinelearningservices:Compute": {
        "identity": {"type": "UserAssigned"},
        "properties": {
            "computeType": "AmlCompute",
            "disableLocalAuth": True,
            "properties": {
                "enableNodePublicIp": False,
                "remoteLoginPortPublicAccess": "Disabled",
                "subnet": {"id": "id of network-training"},
                "scaleSettings": {"minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT5M"},
            },
        },
    },
    "network:Subnet": {
        "networkSecurityGroup": {"id": "id of group"},
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "Enabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        "delegations": [{"name": "one"}],
    },
    "network:NetworkSecurityGroup": {
        "securityRules": [
            RULE,
            {**RULE, "name": "probes", "priority": 110, "sourceAddressPrefix": "AzureLoadBalancer"}
            | {"destinationPortRange": "*"},
            {**RULE, "name": "office", "priority": 120, "sourceAddressPrefix": "203.0.113.0/24"},
            rule("no-more-in", 4096, "Inbound", "Deny"),
            rule(
                "out",
                100,
                "Outbound",
                "Allow",
                sourceAddressPrefix=OWN,
                destinationAddressPrefix="AzureMonitor",
                destinationPortRange="443",
            ),
            rule("no-more-out", 4096, "Outbound", "Deny"),
        ]
    },
    "network:SecurityRule": RULE,
    "network:PublicIPAddress": {"publicIPAllocationMethod": "Static", "sku": {"name": "Standard"}},
    "network:PrivateEndpoint": {
        "privateLinkServiceConnections": [
            {"name": "one", "groupIds": ["vault"], "privateLinkServiceId": "id of vault"}
        ]
    },
    "privatedns:VirtualNetworkLink": {"registrationEnabled": False},
    "network:NatGateway": {"sku": {"name": "Standard"}},
    "network:RouteTable": {"disableBgpRoutePropagation": True},
    "network:VirtualNetwork": {},
    "containerservice:ManagedCluster": {
        "apiServerAccessProfile": {
            "enablePrivateCluster": True,
            "enablePrivateClusterPublicFQDN": False,
            "disableRunCommand": True,
        },
        "disableLocalAccounts": True,
        "aadProfile": {"managed": True, "enableAzureRBAC": True},
        "enableRBAC": True,
        "oidcIssuerProfile": {"enabled": True},
        "securityProfile": {"workloadIdentity": {"enabled": True}, "imageCleaner": {"enabled": True}},
        "networkProfile": {"networkPolicy": "cilium"},
        "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
        "sku": {"tier": "Standard"},
        "addonProfiles": {"azurepolicy": {"enabled": True}, "omsagent": {"enabled": True}},
        "agentPoolProfiles": [POOL],
        "identity": {"type": "UserAssigned"},
    },
    "containerservice:AgentPool": POOL,
    "containerinstance:ContainerGroup": {
        "ipAddress": {"type": "Private"},
        "subnetIds": [{"id": "id of network-inference"}],
        "identity": {"type": "UserAssigned"},
        "imageRegistryCredentials": [{"server": "one.azurecr.io", "identity": "id of scoring"}],
        "containers": [
            {
                "name": "scoring",
                "image": f"one.azurecr.io/scoring@{DIGEST}",
                "environmentVariables": [
                    {"name": "CALLERS_KEY_URI", "value": "https://vault/secrets/callers"}
                ],
            }
        ],
    },
    "apimanagement:ApiManagementService": {
        "sku": {"name": "StandardV2"},
        "publicNetworkAccess": "Disabled",
        "developerPortalStatus": "Disabled",
        "legacyPortalStatus": "Disabled",
        "identity": {"type": "SystemAssigned"},
    },
    "apimanagement:Api": {"protocols": ["https"]},
    "apimanagement:NamedValue": {
        "secret": True,
        "keyVault": {"secretIdentifier": "https://vault/secrets/one"},
    },
    "apimanagement:Backend": {"url": "https://backend", "tls": {"validateCertificateChain": True}},
    "apimanagement:Product": {"subscriptionRequired": True, "approvalRequired": True},
    "apimanagement:Diagnostic": {"logClientIp": False, "metrics": True},
    "consumption:Budget": {"notifications": {"actual": {"enabled": True}}},
    "storage:ManagementPolicy": {"policy": {"rules": [{"name": "old", "enabled": True}]}},
    "apimanagement:Logger": {
        "credentials": {"connectionString": "InstrumentationKey=0", "identityClientId": "SystemAssigned"}
    },
    "operationalinsights:Workspace": {
        "features": {
            "disableLocalAuth": True,
            "immediatePurgeDataOn30Days": False,
            "enableDataExport": False,
            "enableLogAccessUsingOnlyResourcePermissions": True,
        },
        "publicNetworkAccessForIngestion": "Disabled",
        "publicNetworkAccessForQuery": "Disabled",
        "retentionInDays": 30,
    },
    "applicationinsights:Component": {
        "disableLocalAuth": True,
        "ingestionMode": "LogAnalytics",
        "workspaceResourceId": "id of logs",
        "disableIpMasking": False,
        "publicNetworkAccessForIngestion": "Disabled",
        "publicNetworkAccessForQuery": "Disabled",
    },
    "monitor:DiagnosticSetting": {
        "workspaceId": "id of logs",
        "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        "metrics": [{"category": "AllMetrics", "enabled": True}],
    },
    "monitor:MetricAlert": {"enabled": True},
    "monitor:ScheduledQueryRule": {"enabled": True, "skipQueryValidation": False},
    "monitor:ActionGroup": {
        "enabled": True,
        "webhookReceivers": [{"name": "app", "serviceUri": "https://app.example/api", "useAadAuth": True}],
    },
    "web:WebApp": {
        "httpsOnly": True,
        "publicNetworkAccess": "Disabled",
        "identity": {"type": "UserAssigned"},
        "virtualNetworkSubnetId": "id of network-functions",
        "outboundVnetRouting": {"allTraffic": True},
        "functionAppConfig": {
            "deployment": {"storage": {"authentication": {"type": "UserAssignedIdentity"}}},
        },
        "siteConfig": {
            "minTlsVersion": "1.2",
            "scmMinTlsVersion": "1.2",
            "http20Enabled": True,
            "remoteDebuggingEnabled": False,
            "webSocketsEnabled": False,
            "vnetRouteAllEnabled": True,
            "ipSecurityRestrictionsDefaultAction": "Deny",
            "scmIpSecurityRestrictionsDefaultAction": "Deny",
            "scmIpSecurityRestrictionsUseMain": False,
        },
    },
    "web:WebAppScmAllowed": {"allow": False},
    "web:WebAppFtpAllowed": {"allow": False},
    "web:WebAppAuthSettingsV2": {
        "platform": {"enabled": True},
        "globalValidation": {"requireAuthentication": True, "unauthenticatedClientAction": "Return401"},
        "httpSettings": {"requireHttps": True},
    },
    "eventgrid:SystemTopic": {"identity": {"type": "UserAssigned"}},
    "eventgrid:SystemTopicEventSubscription": {
        "deliveryWithResourceIdentity": {"identity": {"type": "UserAssigned"}},
        "deadLetterWithResourceIdentity": {"identity": {"type": "UserAssigned"}},
    },
    "authorization:RoleAssignment": {
        "scope": "id of storage",
        "principalType": "ServicePrincipal",
        "roleDefinitionId": PRIVILEGE + "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    },
    "authorization:ManagementLockByScope": {"level": "CanNotDelete", "scope": "id of storage"},
    "authorization:ManagementLockAtResourceGroupLevel": {"level": "CanNotDelete"},
    "managedidentity:FederatedIdentityCredential": {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:ORG/REPO:environment:prod",
        "audiences": ["api://AzureADTokenExchange"],
    },
}
