"""What is wrong, for each rule: the red fixture is the green one with this at that path."""

from typing import Any, Final

from policies.model import MISSING
from tests.policies.green import POOL, PRIVILEGE, RULE, rule

# For the rules that look at a single input: values that it must not have. Left out is wrong as well, save for
# the rules in MAY_BE_LEFT_OUT.
VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "storage-no-keys": (True,),
    "storage-no-anonymous-blobs": (True,),
    "storage-sign-in": (False,),
    "storage-tls": ("TLS1_0", "TLS1_1"),
    "storage-https": (False,),
    "storage-no-copies-to-others": (True,),
    "storage-no-local-users": (True,),
    "storage-no-sftp": (True,),
    "storage-firewall": ("Allow",),
    "storage-bypass": ("Logging, Metrics, AzureServices",),
    "storage-public-network": ("Enabled",),
    "storage-encrypted-twice": (False,),
    "storage-encryption-blob": (False,),
    "storage-encryption-file": (False,),
    "storage-sas-short": ("8.00:00:00", "forever"),
    "storage-redundancy": ("Standard_LRS", "Standard_GRS"),
    "storage-general-purpose": ("Storage",),
    "blobs-kept": (False,),
    "blobs-kept-days": (6, True),
    "blobs-kept-for-certain": (True,),
    "containers-kept": (False,),
    "containers-kept-days": (6,),
    "container-private": ("Blob", "Container"),
    "shares-kept": (False,),
    "shares-kept-days": (1,),
    "vault-roles": (False,),
    "vault-purge-protection": (False,),
    "vault-soft-delete": (False,),
    "vault-kept-days": (6,),
    "vault-firewall": ("Allow",),
    "vault-bypass": ("Everybody",),
    "vault-public-network": ("Enabled", "enabled"),
    "vault-not-for-deployment": (True,),
    "vault-not-for-disks": (True,),
    "vault-not-for-templates": (True,),
    "secret-ends": ("",),
    "key-ends": ("",),
    "postgres-no-passwords": ("Enabled",),
    "postgres-by-identity": ("Disabled",),
    "postgres-public-network": ("Enabled",),
    "postgres-backups": (6,),
    "registry-premium": ("Basic",),
    "registry-no-admin": (True,),
    "registry-no-anonymous": (True,),
    "registry-public-network": ("Enabled",),
    "registry-firewall": ("Allow",),
    "registry-bypass": ("Everybody",),
    "registry-data-endpoint": (False,),
    "registry-zones": ("Disabled",),
    "registry-untagged": ("disabled",),
    "registry-untagged-days": (0,),
    "registry-no-export": ("enabled",),
    "registry-arm-tokens": ("",),
    "workspace-public-network": ("Enabled",),
    "workspace-identity": ("SystemAssigned",),
    "workspace-primary-identity": ("",),
    "workspace-datastores-by-identity": ("AccessKey",),
    "workspace-not-legacy": (True,),
    "workspace-network-said": ("AllowInternetOutbound",),
    "workspace-builds-inside": ("",),
    "workspace-own-storageAccount": ("",),
    "workspace-own-keyVault": ("",),
    "workspace-own-containerRegistry": ("",),
    "workspace-own-applicationInsights": ("",),
    "datastore-by-identity": ("AccountKey", "Sas"),
    "datastore-https": ("http",),
    "datastore-identity-said": ("",),
    "site-https": (False,),
    "site-tls": ("1.0", "1.1"),
    "site-console-tls": ("1.0", "1.1"),
    "site-http2": (False,),
    "site-no-debugging": (True,),
    "site-no-websockets": (True,),
    "site-public-network": ("Enabled",),
    "site-shut": ("Allow",),
    "site-console-shut": ("Allow",),
    "site-console-apart": (True,),
    "site-identity": ("SystemAssigned", "None"),
    "site-package-by-identity": ("StorageAccountConnectionString",),
    "site-in-network": ("",),
    "site-goes-out-inside": (False,),
    "site-routes-all": (False,),
    "site-no-passwords": (True,),
    "site-sign-in-required": (False,),
    "site-sign-in-401": ("AllowAnonymous", "RedirectToLoginPage"),
    "site-sign-in-https": (False,),
    "topic-identity": ("None",),
    "events-by-identity": ("None",),
    "dead-letters-by-identity": ("None",),
    "compute-no-local-login": (False,),
    "compute-no-public-nodes": (True,),
    "compute-no-ssh": ("Enabled",),
    "compute-in-network": ("",),
    "compute-scales-to-zero": (1, False),
    "compute-idle": ("PT0M", "PT2H", "PT500M"),
    "compute-identity": ("SystemAssigned",),
    "machines-no-passwords": (False,),
    "machines-encrypted-hosts": (False,),
    "machines-trusted-launch": ("Standard", ""),
    "machines-secure-boot": (False,),
    "machines-tpm": (False,),
    "machines-no-extensions": (True,),
    "machines-identity": ("SystemAssigned",),
    "subnet-security-group": ("",),
    "subnet-no-default-outbound": (True,),
    "subnet-endpoint-policies": ("Disabled",),
    "subnet-service-policies": ("Disabled",),
    "zone-no-registration": (True,),
    "nat-standard": ("Basic",),
    "routes-not-learned": (False,),
    "network-subnets-apart": ([{"name": "one"}],),
    "aks-private": (False,),
    "aks-no-public-name": (True,),
    "aks-no-run-command": (False,),
    "aks-no-local-accounts": (False,),
    "aks-entra": (False,),
    "aks-azure-rbac": (False,),
    "aks-rbac": (False,),
    "aks-oidc": (False,),
    "aks-workload-identity": (False,),
    "aks-network-policy": ("none",),
    "aks-upgrades": ("none",),
    "aks-node-upgrades": ("None", "Unmanaged"),
    "aks-tier": ("Free",),
    "aks-policy": (False,),
    "aks-identity": ("SystemAssigned",),
    "aks-logs": (False,),
    "aks-image-cleaner": (False,),
    "apim-no-legacy-portal": ("Enabled",),
    "apim-product-key": (False,),
    "apim-product-approval": (False,),
    "apim-no-addresses": (True,),
    "apim-metrics": (False,),
    "alert-query-checked": (True,),
    "aci-private": ("Public",),
    "aci-in-network": ([],),
    "aci-identity": ("None",),
    "apim-public-network": ("Enabled",),
    "apim-no-portal": ("Enabled",),
    "apim-identity": ("None",),
    "apim-api-https": (["http"], ["http", "https"]),
    "logs-by-identity": (False,),
    "logs-ingestion-private": ("Enabled",),
    "logs-query-private": ("Enabled",),
    "logs-kept": (7,),
    "logs-not-purged": (True,),
    "logs-not-exported": (True,),
    "logs-by-resource-rights": (False,),
    "insights-by-identity": (False,),
    "insights-in-logs": ("ApplicationInsights",),
    "insights-workspace": ("",),
    "insights-masks-addresses": (True,),
    "insights-ingestion-private": ("Enabled",),
    "insights-query-private": ("Enabled",),
    "diagnostics-go-to-logs": ("",),
    "alert-on": (False,),
    "lock-holds": ("NotSpecified",),
    "lock-scope": ("",),
}
MAY_BE_LEFT_OUT: Final = {"apim-no-legacy-portal", "network-subnets-apart", "aci-private"}


_INTERFACES: Final = "virtualMachineProfile.networkProfile.networkInterfaceConfigurations"


def _machines(forwarding: bool | None = False, **configuration: Any) -> tuple[str, dict[str, Any]]:
    """A scale set whose one interface is so."""
    inner = {"name": "one", "subnet": {"id": "id of subnet"}, **configuration}
    interface = {"name": "one", "enableIPForwarding": forwarding, "ipConfigurations": [inner]}
    return "compute:VirtualMachineScaleSet", {_INTERFACES: [interface]}


def _replaced(place: int, **more: Any) -> list[dict[str, Any]]:
    """The green group's rules with one of them changed."""
    from tests.policies.green import GREEN

    rules = list(GREEN["network:NetworkSecurityGroup"]["securityRules"])
    rules[place] = {**rules[place], **more}
    return rules


# For the rules that look at more: token, then what is set at each path (MISSING takes it out).
CHANGES: Final[dict[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "subnet-one-delegation": (("network:Subnet", {"delegations": [{"name": "one"}, {"name": "two"}]}),),
    "nsg-no-open-inbound": (
        *(
            ("network:SecurityRule", {"sourceAddressPrefix": place})
            for place in ("*", "Internet", "0.0.0.0/0", "8.0.0.0/8")
        ),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(0, sourceAddressPrefix="*")}),
        (
            "network:SecurityRule",
            {"sourceAddressPrefix": MISSING, "sourceAddressPrefixes": ["10.0.0.0/8", "::/0"]},
        ),
    ),
    "nsg-no-management-ports": (
        ("network:SecurityRule", {"destinationPortRange": "22"}),
        ("network:SecurityRule", {"destinationPortRange": "3000-4000"}),
        ("network:SecurityRule", {"destinationPortRange": MISSING, "destinationPortRanges": ["443", "3389"]}),
    ),
    "nsg-names-ports": (
        ("network:SecurityRule", {"destinationPortRange": "*"}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(4, destinationPortRange="*")}),
    ),
    "nsg-names-its-side": (
        ("network:SecurityRule", {"destinationAddressPrefix": "*"}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(4, sourceAddressPrefix="*")}),
    ),
    "vault-subnets-by-endpoint": (
        (
            "keyvault:Vault",
            {"properties.networkAcls.virtualNetworkRules": [{"ignoreMissingVnetServiceEndpoint": True}]},
        ),
        (
            "keyvault:Vault",
            {"properties.networkAcls.virtualNetworkRules": [{"id": "id of network-training"}]},
        ),
    ),
    "nsg-outbound-said": (
        (
            "network:SecurityRule",
            {**rule("x", 100, "Outbound", "Allow"), "sourceAddressPrefix": "10.0.0.0/24"},
        ),
        (
            "network:NetworkSecurityGroup",
            {"securityRules": _replaced(4, destinationAddressPrefix="Internet", destinationPortRange="*")},
        ),
    ),
    "nsg-complete": (
        *(
            ("network:SecurityRule", {part: MISSING})
            for part in ("direction", "access", "protocol", "priority")
        ),
        ("network:SecurityRule", {"access": "Perhaps"}),
    ),
    "nsg-priorities": (("network:NetworkSecurityGroup", {"securityRules": _replaced(1, priority=100)}),),
    "nsg-denies-the-rest": (
        ("network:NetworkSecurityGroup", {"securityRules": [RULE]}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(3, priority=90)}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(3, access="Allow")}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(5, protocol="Tcp")}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(5, sourceAddressPrefix="10.0.0.0/8")}),
        ("network:NetworkSecurityGroup", {"securityRules": _replaced(5, sourcePortRange="80")}),
    ),
    "machines-no-public-address": (_machines(publicIPAddressConfiguration={"name": "x"}),),
    "machines-in-network": (_machines(subnet={}), ("compute:VirtualMachineScaleSet", {_INTERFACES: MISSING})),
    "machines-no-forwarding": (_machines(True), _machines(None)),
    "machines-no-admin-password": (
        ("compute:VirtualMachineScaleSet", {"virtualMachineProfile.osProfile.adminPassword": "of a test"}),
    ),
    "postgres-encrypted": (
        ("dbforpostgresql:Configuration", {"value": "OFF"}),
        (
            "dbforpostgresql:Configuration",
            {"configurationName": "ssl_min_protocol_version", "value": "TLSv1.1"},
        ),
    ),
    "public-ip-standard": (
        ("network:PublicIPAddress", {"publicIPAllocationMethod": "Dynamic"}),
        ("network:PublicIPAddress", {"sku.name": "Basic"}),
    ),
    "endpoint-leads-somewhere": (
        ("network:PrivateEndpoint", {"privateLinkServiceConnections": []}),
        (
            "network:PrivateEndpoint",
            {"privateLinkServiceConnections": [{"name": "one", "groupIds": ["vault"]}]},
        ),
        (
            "network:PrivateEndpoint",
            {"privateLinkServiceConnections": [{"name": "one", "privateLinkServiceId": "id of vault"}]},
        ),
        (
            "network:PrivateEndpoint",
            {
                "manualPrivateLinkServiceConnections": [
                    {"name": "one", "privateLinkServiceId": "/subscriptions/a", "groupIds": ["blob"]}
                ]
            },
        ),
    ),
    "aks-api-server": (
        ("containerservice:ManagedCluster", {"apiServerAccessProfile.enablePrivateCluster": False}),
    ),
    "aks-nodes-private": (
        ("containerservice:AgentPool", {"enableNodePublicIP": True}),
        ("containerservice:ManagedCluster", {"agentPoolProfiles": [{**POOL, "enableNodePublicIP": True}]}),
    ),
    "aks-nodes-in-network": (("containerservice:AgentPool", {"vnetSubnetID": MISSING}),),
    "aks-pods-each": (("containerservice:AgentPool", {"maxPods": 30}),),
    "aks-scale-sets": (("containerservice:AgentPool", {"type": "AvailabilitySet"}),),
    "aks-encrypted-hosts": (("containerservice:AgentPool", {"enableEncryptionAtHost": False}),),
    "aks-scales": (("containerservice:AgentPool", {"enableAutoScaling": False}),),
    "budget-tells": (
        ("consumption:Budget", {"notifications": {}}),
        ("consumption:Budget", {"notifications": {"actual": {"enabled": False}}}),
    ),
    "lifecycle-on": (("storage:ManagementPolicy", {"policy": {"rules": [{"name": "a", "enabled": False}]}}),),
    "aks-system-pool": (("containerservice:AgentPool", {"nodeTaints": []}),),
    "aci-digest": (
        (
            "containerinstance:ContainerGroup",
            {"containers": [{"name": "a", "image": "one.azurecr.io/scoring:1"}]},
        ),
    ),
    "aci-secure-variables": (
        (
            "containerinstance:ContainerGroup",
            {"containers": [{"name": "a", "environmentVariables": [{"name": "DB_PASSWORD", "value": "x"}]}]},
        ),
    ),
    "aci-pulls-by-identity": (
        (
            "containerinstance:ContainerGroup",
            {"imageRegistryCredentials": [{"server": "one", "username": "a"}]},
        ),
    ),
    "apim-protocols": (
        ("apimanagement:ApiManagementService", {"sku.name": "Developer"}),
        (
            "apimanagement:ApiManagementService",
            {
                "sku.name": "Premium",
                "customProperties": {
                    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls10": "True"
                },
            },
        ),
    ),
    "apim-values-in-vault": (("apimanagement:NamedValue", {"keyVault": MISSING, "value": "[secret]"}),),
    "apim-backend-https": (
        ("apimanagement:Backend", {"url": "http://backend"}),
        ("apimanagement:Backend", {"tls.validateCertificateName": False}),
    ),
    "diagnostics-everything": (
        ("monitor:DiagnosticSetting", {"logs": []}),
        ("monitor:DiagnosticSetting", {"logs": [{"categoryGroup": "allLogs", "enabled": False}]}),
        ("monitor:DiagnosticSetting", {"metrics": [{"category": "AllMetrics", "enabled": False}]}),
    ),
    "role-not-privileged": tuple(
        ("authorization:RoleAssignment", {"roleDefinitionId": PRIVILEGE + role})
        for role in ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "B24988AC-6180-42A0-AB88-20F7382DD24C")
    ),
    "role-on-a-resource": tuple(
        ("authorization:RoleAssignment", {"scope": scope})
        for scope in (
            "",
            "/subscriptions/s",
            "/subscriptions/s/resourceGroups/g",
            "/providers/Microsoft.Management/managementGroups/m",
        )
    ),
    "role-principal-type": (
        ("authorization:RoleAssignment", {"principalType": MISSING}),
        ("authorization:RoleAssignment", {"principalType": "User"}),
    ),
    "role-known": (("authorization:RoleAssignment", {"roleDefinitionId": PRIVILEGE + "0000"}),),
    "federated-one-subject": tuple(
        ("managedidentity:FederatedIdentityCredential", change)
        for change in (
            {"subject": "repo:ORG/REPO:*"},
            {"subject": "repo:ORG/REPO:ref:refs/heads/main"},
            {"subject": MISSING},
            {"audiences": ["anybody"]},
            {"issuer": "http://issuer"},
        )
    ),
    "site-no-ftp": (
        ("web:WebApp", {"functionAppConfig": MISSING}),
        ("web:WebApp", {"functionAppConfig": MISSING, "siteConfig.ftpsState": "FtpsOnly"}),
    ),
    "site-can-be-made": tuple(
        ("web:WebApp", {f"siteConfig.{name}": value})
        for name, value in (
            ("ftpsState", "Disabled"),
            ("netFrameworkVersion", "v4.6"),
            ("linuxFxVersion", "Python|3.11"),
            ("use32BitWorkerProcess", False),
            ("preWarmedInstanceCount", 1),
            ("functionAppScaleLimit", 40),
            ("functionsRuntimeScaleMonitoringEnabled", False),
        )
    ),
    "events-without-keys": (
        ("eventgrid:SystemTopicEventSubscription", {"destination": {"endpointType": "StorageQueue"}}),
        (
            "eventgrid:SystemTopicEventSubscription",
            {"deadLetterDestination": {"endpointType": "StorageBlob"}},
        ),
    ),
    "webhooks-signed-in": tuple(
        ("monitor:ActionGroup", {"webhookReceivers": [{"name": "app", **hook}]})
        for hook in (
            {"serviceUri": "https://app.example/api", "useAadAuth": False},
            {"serviceUri": "https://app.example/api?code=x"},
            {"serviceUri": "http://app.example/api", "useAadAuth": True},
        )
    ),
    "no-plain-secret": (
        ("keyvault:Secret", {"properties.secretValue": "hunter2"}),
        ("apimanagement:NamedValue", {"name": "callers-api-key", "value": "hunter2"}),
        ("apimanagement:Logger", {"credentials.identityClientId": MISSING}),
    ),
}
