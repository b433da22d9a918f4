"""The SDK's functions on kept types that are not answered, and what to do instead of each."""

from __future__ import annotations

from typing import Final

_ML: Final = "machinelearningservices"
_NOTHING: Final = "nothing runs behind the resource that could tell"
_SCORING: Final = "the scoring service runs in a container group or in Kubernetes"
_MANAGER: Final = "network managers are not emulated; security groups hold the rules"
_IDS: Final = "intrusion detection of firewall policies is not emulated"
_PIPELINE: Final = "feature sets are not emulated; use data assets"
_RULES: Final = "of authorization rules those of the namespace are emulated: listNamespaceKeys"
_PARTS: Final = "of API Management this part is not emulated"

# what to do -> the functions, by module
_BY_ADVICE: Final[dict[str, dict[str, str]]] = {
    _PARTS: {
        "apimanagement": (
            "getApiManagementServiceSsoToken getAuthorizationLoginLinkPost getUserSharedAccessToken "
            "listAuthorizationServerSecrets listClientApplicationSecrets listDelegationSettingSecrets "
            "listGatewayDebugCredentials listGatewayKeys listIdentityProviderSecrets "
            "listOpenIdConnectProviderSecrets listTenantAccessSecrets"
        )
    },
    "workspaces of API Management are not emulated; leave workspaceId out and use the service's own": {
        "apimanagement": (
            "listWorkspaceNamedValue listWorkspacePolicyFragmentReferences listWorkspaceSubscriptionSecrets"
        )
    },
    "policies are kept and not read; look for include-fragment in your own": {
        "apimanagement": "listPolicyFragmentReferences"
    },
    _NOTHING: {
        "app": (
            "getContainerAppAuthToken getManagedEnvironmentAuthToken listContainerAppCustomHostNameAnalysis "
            "listDaprComponentSecrets listLogicAppWorkflowsConnections"
        ),
        "cdn": "getProfileSupportedOptimizationTypes",
        "cognitiveservices": "listAgentApplicationAgents",
        "containerregistry": "listWebhookEvents",
        "cosmosdb": "listNotebookWorkspaceConnectionInfo",
        "network": (
            "getActiveSessions getApplicationGatewayBackendHealthOnDemand getBastionShareableLink "
            "getVirtualNetworkGatewayAdvertisedRoutes getVirtualNetworkGatewayBgpPeerStatus "
            "getVirtualNetworkGatewayConnectionIkeSas getVirtualNetworkGatewayLearnedRoutes "
            "getVirtualNetworkGatewayResiliencyInformation getVirtualNetworkGatewayRoutesInformation "
            "getVirtualNetworkGatewayVpnProfilePackageUrl "
            "getVirtualNetworkGatewayVpnclientConnectionHealth "
            "getVirtualNetworkGatewayVpnclientIpsecParameters listVirtualNetworkGatewayRadiusSecrets"
        ),
        "web": (
            "getAppServicePlanServerFarmRdpPassword listAppServicePlanHybridConnectionKeys "
            "listAppServicePlanServerFarmInstanceDetails listConnectionKeys "
            "listStaticSiteAppSettings listStaticSiteBuildAppSettings "
            "listStaticSiteBuildFunctionAppSettings listStaticSiteConfiguredRoles "
            "listStaticSiteFunctionAppSettings listStaticSiteUsers "
            "listWebAppAuthSettings listWebAppAuthSettingsSlot "
            "listWebAppAzureStorageAccounts listWebAppAzureStorageAccountsSlot "
            "listWebAppBackupConfiguration listWebAppBackupConfigurationSlot "
            "listWebAppBackupStatusSecrets listWebAppBackupStatusSecretsSlot "
            "listWebAppFunctionKeys listWebAppFunctionKeysSlot "
            "listWebAppFunctionSecrets listWebAppFunctionSecretsSlot "
            "listWebAppHybridConnectionKeys listWebAppHybridConnectionKeysSlot "
            "listWebAppMetadata listWebAppMetadataSlot listWebAppSiteBackups listWebAppSiteBackupsSlot "
            "listWebAppSitePushSettings listWebAppSitePushSettingsSlot "
            "listWebAppSyncFunctionTriggers listWebAppSyncFunctionTriggersSlot "
            "listWebAppWorkflowsConnections listWebAppWorkflowsConnectionsSlot "
            "listWorkflowRunActionExpressionTraces listWorkflowRunActionRepetitionExpressionTraces "
            "listWorkflowTriggerCallbackUrl"
        ),
    },
    "read it with getTask; secrets in it are given back by nobody": {"containerregistry": "listTaskDetails"},
    "a task run is kept and not run; use scheduleRun (az acr build)": {
        "containerregistry": "listTaskRunDetails"
    },
    "read the webhook with getWebhook": {"containerregistry": "getWebhookCallbackConfig"},
    "Azure has retired it; use listManagedClusterUserCredentials": {
        "containerservice": "listManagedClusterAccessProfile"
    },
    "namespaces that Azure manages are not emulated; make them with kubectl": {
        "containerservice": "listManagedNamespaceCredential listNamespaceCredential"
    },
    "pairing of namespaces is not emulated; use listNamespaceKeys": {
        "eventhub": "listDisasterRecoveryConfigKeys",
        "servicebus": "listDisasterRecoveryConfigKeys",
    },
    _RULES: {"eventhub": "listEventHubKeys", "servicebus": "listQueueKeys listTopicKeys"},
    _SCORING: {
        _ML: (
            "getInferenceGroupDeltaModelsStatusAsync getInferenceGroupStatus getInferencePoolStatus "
            "getOnlineDeploymentLogs getOnlineEndpointToken getServerlessEndpointStatus listEndpointKeys "
            "listInferenceGroupDeltaModelsAsync listOnlineEndpointKeys listServerlessEndpointKeys"
        )
    },
    "batch endpoints have no keys; call them with a token for https://ml.azure.com": {
        _ML: "listBatchEndpointKeys"
    },
    "connections are not emulated; use datastores": {
        _ML: "listConnectionAllModels listConnectionModels listWorkspaceConnectionSecrets"
    },
    _PIPELINE: {
        _ML: (
            "getFeaturesetVersionFeature listFeaturesetVersionFeatures "
            "listFeaturesetVersionMaterializationJobs"
        )
    },
    "only computes that are attached have keys; AmlCompute, the one kind here, has none": {
        _ML: "listComputeKeys"
    },
    "a compute instance can be resized, AmlCompute cannot; set its vmSize": {
        _ML: "getComputeAllowedResizeSizes"
    },
    "notebooks are not emulated": {_ML: "listWorkspaceNotebookAccessToken listWorkspaceNotebookKeys"},
    _MANAGER: {
        "network": (
            "listEffectiveConnectivityConfiguration listNetworkManagerEffectiveConnectivityConfigurations "
            "listNetworkManagerEffectiveSecurityAdminRule listNetworkManagerEffectiveSecurityAdminRules"
        )
    },
    _IDS: {"network": "listFirewallPolicyIdpsSignature listFirewallPolicyIdpsSignaturesFilterValue"},
    "local users (SFTP) are not emulated; use a SAS or a role": {"storage": "listLocalUserKeys"},
}
REFUSED: Final[dict[str, str]] = {
    f"{module}:{name}": advice
    for advice, modules in _BY_ADVICE.items()
    for module, names in modules.items()
    for name in names.split()
}
