"""How the SDK's nested types differ from the bodies that Azure takes: flattened parts and renamed keys.

The SDK lifts the `properties` of some nested objects (a VNet's subnets, a group's containers) into the object
itself and gives some keys other names. Which ones cannot be seen in the SDK: these were
found by comparing every SDK type of the catalogued resources with Azure's published type definitions.
"""

from __future__ import annotations

from typing import Final

ENVELOPE: Final = frozenset(
    {"location", "tags", "sku", "kind", "identity", "zones", "plan", "managedBy", "extendedLocation", "scale"}
)
"""Inputs that stand at the top of an ARM body, beside `properties`."""

PART_ENVELOPE: Final = ENVELOPE | {"id", "name", "type", "etag", "endpointType"}
"""The same for a nested part that has `properties` of its own."""

FLATTENED: Final[dict[str, frozenset[str]]] = {
    "eventgrid": frozenset(
        {
            "AzureFunctionEventSubscriptionDestination",
            "DynamicDeliveryAttributeMapping",
            "EventHubEventSubscriptionDestination",
            "HybridConnectionEventSubscriptionDestination",
            "MonitorAlertEventSubscriptionDestination",
            "NamespaceTopicEventSubscriptionDestination",
            "ServiceBusQueueEventSubscriptionDestination",
            "ServiceBusTopicEventSubscriptionDestination",
            "StaticDeliveryAttributeMapping",
            "StorageBlobDeadLetterDestination",
            "StorageQueueEventSubscriptionDestination",
            "WebHookEventSubscriptionDestination",
        }
    ),
    "network": frozenset(
        {
            "ApplicationGatewayAuthenticationCertificate",
            "ApplicationGatewayBackendAddressPool",
            "ApplicationGatewayBackendHttpSettings",
            "ApplicationGatewayBackendSettings",
            "ApplicationGatewayFrontendIPConfiguration",
            "ApplicationGatewayFrontendPort",
            "ApplicationGatewayHttpListener",
            "ApplicationGatewayIPConfiguration",
            "ApplicationGatewayListener",
            "ApplicationGatewayLoadDistributionPolicy",
            "ApplicationGatewayLoadDistributionTarget",
            "ApplicationGatewayPathRule",
            "ApplicationGatewayPrivateEndpointConnection",
            "ApplicationGatewayPrivateLinkConfiguration",
            "ApplicationGatewayPrivateLinkIpConfiguration",
            "ApplicationGatewayProbe",
            "ApplicationGatewayRedirectConfiguration",
            "ApplicationGatewayRequestRoutingRule",
            "ApplicationGatewayRewriteRuleSet",
            "ApplicationGatewayRoutingRule",
            "ApplicationGatewaySslCertificate",
            "ApplicationGatewaySslProfile",
            "ApplicationGatewayTrustedClientCertificate",
            "ApplicationGatewayTrustedRootCertificate",
            "ApplicationGatewayUrlPathMap",
            "ApplicationSecurityGroup",
            "AzureFirewallApplicationRuleCollection",
            "AzureFirewallIPConfiguration",
            "AzureFirewallNatRuleCollection",
            "AzureFirewallNetworkRuleCollection",
            "BackendAddressPool",
            "BastionHostIPConfiguration",
            "Delegation",
            "FlowLog",
            "FrontendIPConfiguration",
            "IPConfiguration",
            "IPConfigurationProfile",
            "InboundNatPool",
            "InboundNatRule",
            "LoadBalancerBackendAddress",
            "LoadBalancingRule",
            "LocalNetworkGateway",
            "NatGateway",
            "NetworkInterface",
            "NetworkInterfaceIPConfiguration",
            "NetworkInterfaceTapConfiguration",
            "NetworkSecurityGroup",
            "OutboundRule",
            "PrivateDnsZoneConfig",
            "PrivateEndpoint",
            "PrivateEndpointConnection",
            "PrivateEndpointIPConfiguration",
            "PrivateLinkService",
            "PrivateLinkServiceConnection",
            "PrivateLinkServiceIpConfiguration",
            "Probe",
            "PublicIPAddress",
            "ResourceNavigationLink",
            "Route",
            "RouteTable",
            "SecurityRule",
            "ServiceAssociationLink",
            "ServiceEndpointPolicy",
            "ServiceEndpointPolicyDefinition",
            "Subnet",
            "VirtualNetworkGateway",
            "VirtualNetworkGatewayIPConfiguration",
            "VirtualNetworkGatewayNatRule",
            "VirtualNetworkGatewayPolicyGroup",
            "VirtualNetworkPeering",
            "VirtualNetworkTap",
            "VngClientConnectionConfiguration",
            "VpnClientRevokedCertificate",
            "VpnClientRootCertificate",
        }
    ),
    "containerinstance": frozenset({"Container", "DeploymentExtensionSpec", "InitContainerDefinition"}),
    "machinelearningservices": frozenset({"RegistryPrivateEndpointConnection", "SharedPrivateLinkResource"}),
    "compute": frozenset(
        {
            "NetworkInterfaceReference",
            "VirtualMachineExtension",
            "VirtualMachineNetworkInterfaceConfiguration",
            "VirtualMachineNetworkInterfaceIPConfiguration",
            "VirtualMachinePublicIPAddressConfiguration",
            "VirtualMachineScaleSetExtension",
            "VirtualMachineScaleSetIPConfiguration",
            "VirtualMachineScaleSetNetworkConfiguration",
            "VirtualMachineScaleSetPublicIPAddressConfiguration",
        }
    ),
    "web": frozenset(
        {"PushSettings", "RemotePrivateEndpointConnection", "StaticSiteUserProvidedFunctionApp"}
    ),
    "cdn": frozenset({"DeepCreatedCustomDomain", "DeepCreatedOrigin", "DeepCreatedOriginGroup"}),
    "cosmosdb": frozenset({"PrivateEndpointConnection"}),
    "redis": frozenset({"PrivateEndpointConnection"}),
    "servicebus": frozenset({"PrivateEndpointConnection"}),
    "eventhub": frozenset({"Destination", "PrivateEndpointConnection"}),
    "apimanagement": frozenset({"RemotePrivateEndpointConnectionWrapper"}),
}

_KEBAB_SCALER: Final = [
    "balanceSimilarNodeGroups",
    "daemonsetEvictionForEmptyNodes",
    "daemonsetEvictionForOccupiedNodes",
    "ignoreDaemonsetsUtilization",
    "maxEmptyBulkDelete",
    "maxGracefulTerminationSec",
    "maxNodeProvisionTime",
    "maxTotalUnreadyPercentage",
    "newPodScaleUpDelay",
    "okTotalUnreadyCount",
    "scaleDownDelayAfterAdd",
    "scaleDownDelayAfterDelete",
    "scaleDownDelayAfterFailure",
    "scaleDownUnneededTime",
    "scaleDownUnreadyTime",
    "scaleDownUtilizationThreshold",
    "scanInterval",
    "skipNodesWithLocalStorage",
    "skipNodesWithSystemPods",
]
_KEBAB_REDIS: Final = [
    "aadEnabled",
    "aofBackupEnabled",
    "maxfragmentationmemoryReserved",
    "maxmemoryDelta",
    "maxmemoryPolicy",
    "maxmemoryReserved",
    "notifyKeyspaceEvents",
    "preferredDataArchiveAuthMethod",
    "preferredDataPersistenceAuthMethod",
    "rdbBackupEnabled",
    "rdbBackupFrequency",
    "rdbBackupMaxSnapshotCount",
    "rdbStorageConnectionString",
    "storageSubscriptionId",
    "zonalConfiguration",
]
_TIMES: Final = {"expires": "exp", "notBefore": "nbf"}
_CRITERIA: Final = {"odataType": "odata.type"}


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


RENAMED: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("keyvault", "KeyProperties"): {"releasePolicy": "release_policy"},
    ("keyvault", "KeyAttributes"): _TIMES,
    ("keyvault", "SecretAttributes"): _TIMES,
    ("storage", "Encryption"): {"keyVaultProperties": "keyvaultproperties", "encryptionIdentity": "identity"},
    ("storage", "EncryptionIdentity"): {
        "encryptionUserAssignedIdentity": "userAssignedIdentity",
        "encryptionFederatedIdentityClientId": "federatedIdentityClientId",
    },
    ("storage", "KeyVaultProperties"): {
        "keyName": "keyname",
        "keyVaultUri": "keyvaulturi",
        "keyVersion": "keyversion",
    },
    ("storage", "IPRule"): {"iPAddressOrRange": "value"},
    ("storage", "VirtualNetworkRule"): {"virtualNetworkResourceId": "id"},
    ("containerregistry", "IPRule"): {"iPAddressOrRange": "value"},
    ("containerservice", "ManagedClusterPropertiesAutoScalerProfile"): {
        name: _kebab(name) for name in _KEBAB_SCALER
    },
    ("monitor", "MetricAlertMultipleResourceMultipleMetricCriteria"): _CRITERIA,
    ("monitor", "MetricAlertSingleResourceMultipleMetricCriteria"): _CRITERIA,
    ("monitor", "WebtestLocationAvailabilityCriteria"): _CRITERIA,
    ("monitor", "ScaleRuleMetricDimension"): {
        "dimensionName": "DimensionName",
        "operator": "Operator",
        "values": "Values",
    },
    ("redis", "RedisCommonPropertiesRedisConfiguration"): {name: _kebab(name) for name in _KEBAB_REDIS}
    | {f"aofStorageConnectionString{n}": f"aof-storage-connection-string-{n}" for n in (0, 1)},
    ("dns", "SoaRecord"): {"minimumTtl": "minimumTTL"},
    ("network", "IpamPoolPrefixAllocation"): {"id": "pool/id"},
}
"""(module, SDK type without its suffix) -> SDK key -> ARM key; `a/b` is a key of a nested object."""


def stem(type_name: str) -> str:
    """`Subnet` of `SubnetArgs` and `SubnetResponse`."""
    return type_name.removesuffix("Args").removesuffix("Response")


def is_flattened(module: str, type_name: str) -> bool:
    """Whether the SDK lifted this nested type's `properties`."""
    return stem(type_name) in FLATTENED.get(module, ())


def renames(module: str, type_name: str) -> dict[str, str]:
    """SDK key -> ARM key of a nested type."""
    return RENAMED.get((module, stem(type_name)), {})


def fold(name: str) -> str:
    """Names that differ in case and separators only are the same (`Application_Type`, `applicationType`)."""
    return name.replace("_", "").replace("-", "").replace(".", "").lower()
