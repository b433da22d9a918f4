"""Built-in roles: what each allows. The GUIDs are Azure's own, the same in every tenant."""

from __future__ import annotations

from typing import Final

from emulator.identity.cluster_roles import CLUSTER_ROLES
from emulator.identity.role import COMMON, Role

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB: Final = "Microsoft.Storage/storageAccounts/blobServices"
FILES: Final = "Microsoft.Storage/storageAccounts/fileServices"
QUEUE: Final = "Microsoft.Storage/storageAccounts/queueServices/queues"
TABLE: Final = "Microsoft.Storage/storageAccounts/tableServices/tables"
VAULT: Final = "Microsoft.KeyVault/vaults"
ML: Final = "Microsoft.MachineLearningServices/workspaces"
ACR: Final = "Microsoft.ContainerRegistry/registries"
IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
VAULT_READ: Final = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    f"{VAULT}/*/read",
    f"{VAULT}/read",
    "Microsoft.KeyVault/operations/read",
)
ROLES: Final[dict[str, Role]] = {
    # general
    OWNER: Role("Owner", ("*",)),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": Role(
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/delete",
            "Microsoft.Authorization/*/write",
            "Microsoft.Authorization/elevateAccess/action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": Role("Reader", ("*/read",)),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": Role(
        "User Access Administrator", ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*")
    ),
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": Role(
        "Role Based Access Control Administrator",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    "36243c78-bf99-498c-9df9-86d9f8d28608": Role(
        "Resource Policy Contributor",
        (
            "*/read",
            "Microsoft.Authorization/policyassignments/*",
            "Microsoft.Authorization/policydefinitions/*",
        ),
    ),
    "72fafb9e-0641-4937-9268-a91bfd8191a3": Role(
        "Cost Management Reader", ("Microsoft.Consumption/*/read", "Microsoft.CostManagement/*/read", *COMMON)
    ),
    # container registry
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": Role("AcrPull", (f"{ACR}/pull/read",)),
    "8311e382-0749-4cb8-b61a-304f252e45ec": Role("AcrPush", (f"{ACR}/pull/read", f"{ACR}/push/write")),
    "c2f4ef07-c644-48eb-af81-4b1b4947fb11": Role("AcrDelete", (f"{ACR}/artifacts/delete",)),
    "fb382eab-e894-4461-af04-94435c366c3f": Role(
        "Container Registry Tasks Contributor",
        (
            f"{ACR}/read",
            f"{ACR}/agentpools/*",
            f"{ACR}/tasks/*",
            f"{ACR}/taskRuns/*",
            f"{ACR}/runs/*",
            f"{ACR}/scheduleRun/action",
            f"{ACR}/listBuildSourceUploadUrl/action",
            *COMMON,
        ),
    ),
    "577a9874-89fd-4f24-9dbd-b5034d0ad23a": Role(
        "Container Registry Data Importer and Data Reader",
        (f"{ACR}/read", f"{ACR}/importImage/action", f"{ACR}/pull/read"),
    ),
    "3bc748fc-213d-45c1-8d91-9da5725539b9": Role(
        "Container Registry Contributor and Data Access Configuration Administrator",
        (f"{ACR}/*", *COMMON),
        # the data plane of a registry stands among its actions
        (f"{ACR}/pull/read", f"{ACR}/push/write", f"{ACR}/artifacts/delete", f"{ACR}/importImage/action"),
    ),
    "312a565d-c81f-4fd8-895a-4e21e48d571c": Role(
        "API Management Service Contributor", ("Microsoft.ApiManagement/service/*", *COMMON)
    ),
    # key vault
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": Role(
        "Key Vault Administrator", VAULT_READ, data_actions=(f"{VAULT}/*",)
    ),
    "21090545-7ca7-4776-b22c-e363652d74d2": Role(
        "Key Vault Reader",
        VAULT_READ,
        data_actions=(f"{VAULT}/*/read", f"{VAULT}/secrets/readMetadata/action"),
    ),
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": Role(
        "Key Vault Secrets Officer", VAULT_READ, data_actions=(f"{VAULT}/secrets/*",)
    ),
    "4633458b-17de-408a-b874-0445c86b69e6": Role(
        "Key Vault Secrets User",
        data_actions=(f"{VAULT}/secrets/getSecret/action", f"{VAULT}/secrets/readMetadata/action"),
    ),
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": Role(
        "Key Vault Crypto Officer",
        VAULT_READ,
        data_actions=(f"{VAULT}/keys/*", f"{VAULT}/keyrotationpolicies/*"),
    ),
    "12338af0-0e69-4776-bea7-57ae8d297424": Role(
        "Key Vault Crypto User",
        data_actions=tuple(
            f"{VAULT}/keys/{action}"
            for action in (
                "read",
                "update/action",
                "backup/action",
                "encrypt/action",
                "decrypt/action",
                "wrap/action",
                "unwrap/action",
                "sign/action",
                "verify/action",
            )
        ),
    ),
    "a4417e6f-fecd-4de8-b567-7b0420556985": Role(
        "Key Vault Certificates Officer",
        VAULT_READ,
        data_actions=(
            f"{VAULT}/certificates/*",
            f"{VAULT}/certificatecas/*",
            f"{VAULT}/certificatecontacts/*",
        ),
    ),
    "f25e0fa2-a7c8-4377-a976-54943a77a395": Role(
        "Key Vault Contributor",
        ("Microsoft.KeyVault/*", *COMMON),
        ("Microsoft.KeyVault/locations/deletedVaults/purge/action", "Microsoft.KeyVault/hsmPools/*"),
    ),
    # storage
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": Role(
        "Storage Blob Data Owner",
        (f"{BLOB}/containers/*", f"{BLOB}/generateUserDelegationKey/action"),
        data_actions=(f"{BLOB}/containers/blobs/*",),
    ),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": Role(
        "Storage Blob Data Contributor",
        (
            f"{BLOB}/containers/delete",
            f"{BLOB}/containers/read",
            f"{BLOB}/containers/write",
            f"{BLOB}/generateUserDelegationKey/action",
        ),
        data_actions=(
            f"{BLOB}/containers/blobs/delete",
            f"{BLOB}/containers/blobs/read",
            f"{BLOB}/containers/blobs/write",
            f"{BLOB}/containers/blobs/move/action",
            f"{BLOB}/containers/blobs/add/action",
        ),
    ),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": Role(
        "Storage Blob Data Reader",
        (f"{BLOB}/containers/read", f"{BLOB}/generateUserDelegationKey/action"),
        data_actions=(f"{BLOB}/containers/blobs/read",),
    ),
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": Role(
        "Storage Blob Delegator", (f"{BLOB}/generateUserDelegationKey/action",)
    ),
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": Role(
        "Storage Account Contributor", ("Microsoft.Storage/storageAccounts/*", *COMMON)
    ),
    "69566ab7-960f-475b-8e7c-b3118f30c6bd": Role(
        "Storage File Data Privileged Contributor",
        data_actions=(
            f"{FILES}/fileshares/files/*",
            f"{FILES}/readFileBackupSemantics/action",
            f"{FILES}/writeFileBackupSemantics/action",
        ),
    ),
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": Role(
        "Storage Queue Data Contributor",
        (f"{QUEUE}/delete", f"{QUEUE}/read", f"{QUEUE}/write"),
        data_actions=(
            f"{QUEUE}/messages/delete",
            f"{QUEUE}/messages/read",
            f"{QUEUE}/messages/write",
            f"{QUEUE}/messages/process/action",
        ),
    ),
    "19e7f393-937e-4f77-808e-94535e297925": Role(
        "Storage Queue Data Reader", (f"{QUEUE}/read",), data_actions=(f"{QUEUE}/messages/read",)
    ),
    "8a0f0c08-91a1-4084-bc3d-661d67233fed": Role(
        "Storage Queue Data Message Processor",
        data_actions=(f"{QUEUE}/messages/read", f"{QUEUE}/messages/process/action"),
    ),
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": Role(
        "Storage Queue Data Message Sender", data_actions=(f"{QUEUE}/messages/add/action",)
    ),
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": Role(
        "Storage Table Data Contributor",
        (f"{TABLE}/read", f"{TABLE}/write", f"{TABLE}/delete"),
        data_actions=(f"{TABLE}/entities/*",),
    ),
    # apps
    "de139f84-1756-47ae-9be6-808fbbe84772": Role(
        "Website Contributor",
        (
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/components/*",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Web/certificates/*",
            "Microsoft.Web/listSitesAssignedToHostName/read",
            "Microsoft.Web/serverFarms/join/action",
            "Microsoft.Web/serverFarms/read",
            "Microsoft.Web/sites/*",
            *COMMON,
        ),
    ),
    # machine learning
    "f6c7c914-8db3-469d-8ca1-694a8f32e121": Role(
        "AzureML Data Scientist",
        (f"{ML}/*/read", f"{ML}/*/action", f"{ML}/*/delete", f"{ML}/*/write", f"{ML}/read", *COMMON),
        (
            f"{ML}/delete",
            f"{ML}/write",
            f"{ML}/computes/*/write",
            f"{ML}/computes/*/delete",
            f"{ML}/computes/write",
            f"{ML}/computes/delete",
            f"{ML}/computes/listKeys/action",
            f"{ML}/listKeys/action",
            f"{ML}/hubs/write",
            f"{ML}/hubs/delete",
            "Microsoft.Authorization/*/write",
            "Microsoft.Authorization/*/delete",
        ),
    ),
    "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815": Role(
        "AzureML Compute Operator", (f"{ML}/computes/*", f"{ML}/notebooks/vm/*", f"{ML}/read")
    ),
    "635dd51f-9968-44d3-b7fb-6d9a6bd613ae": Role("AzureML Metrics Writer", (f"{ML}/metrics/*/write",)),
    "1823dd4f-9b8c-4ab6-ab4e-7397a3684615": Role(
        "AzureML Registry User",
        (
            "Microsoft.MachineLearningServices/registries/read",
            "Microsoft.MachineLearningServices/registries/assets/*",
        ),
    ),
    "b78c5d69-af96-48a3-bf8d-a8b4d589de94": Role(
        "Azure AI Administrator",
        (
            "Microsoft.MachineLearningServices/*",
            "Microsoft.ContainerRegistry/*",
            "Microsoft.KeyVault/*",
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Insights/*",
            "Microsoft.OperationalInsights/workspaces/*",
            "Microsoft.CognitiveServices/*",
            *COMMON,
        ),
    ),
    "b556d68e-0be0-4f35-a333-ad7ee1ce17ea": Role(
        "Azure AI Enterprise Network Connection Approver",
        tuple(
            f"{resource}/{action}"
            for resource in (ACR, VAULT, "Microsoft.Storage/storageAccounts", ML)
            for action in (
                "privateEndpointConnectionsApproval/action",
                "privateEndpointConnections/read",
                "privateEndpointConnections/write",
                "read",
            )
        ),
    ),
    # identity and network
    "f1a07417-d97a-45cb-824c-7a7467783830": Role(
        "Managed Identity Operator",
        (
            f"{IDENTITY}/read",
            f"{IDENTITY}/*/read",
            f"{IDENTITY}/*/assign/action",
            f"{IDENTITY}/assign/action",
        ),
    ),
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": Role("Managed Identity Contributor", (f"{IDENTITY}/*", *COMMON)),
    "4d97b98b-1d4f-4787-a291-c67834d212e7": Role("Network Contributor", ("Microsoft.Network/*", *COMMON)),
    "b12aa53e-6015-4669-85d0-8515ebb3ae7f": Role(
        "Private DNS Zone Contributor",
        (
            "Microsoft.Network/privateDnsZones/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/join/action",
            *COMMON,
        ),
    ),
    # monitor
    "ae349356-3a1b-4a5e-921d-050484c6347e": Role(
        "Application Insights Component Contributor",
        (
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/components/*",
            "Microsoft.Insights/metricAlerts/*",
            "Microsoft.Insights/scheduledqueryrules/*",
            "Microsoft.Insights/webtests/*",
            *COMMON,
        ),
    ),
    "3913510d-42f4-4e42-8a64-420c390055eb": Role(
        "Monitoring Metrics Publisher",
        ("Microsoft.Insights/Register/Action",),
        data_actions=("Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"),
    ),
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": Role(
        "Monitoring Reader", ("*/read", "Microsoft.OperationalInsights/workspaces/search/action")
    ),
    "749f88d5-cbae-40b8-bcfc-e573ddc772fa": Role(
        "Monitoring Contributor",
        ("*/read", "Microsoft.Insights/*", "Microsoft.OperationalInsights/workspaces/*", *COMMON),
    ),
    "150f5e0c-0603-4f03-8c7f-cf70034c4e90": Role(
        "Data Purger",
        (
            "Microsoft.Insights/components/*/read",
            "Microsoft.Insights/components/purge/action",
            "Microsoft.OperationalInsights/workspaces/*/read",
            "Microsoft.OperationalInsights/workspaces/purge/action",
        ),
    ),
    "73c42c96-874c-492b-b04d-ab87d138a893": Role(
        "Log Analytics Reader",
        ("*/read", "Microsoft.OperationalInsights/workspaces/search/action"),
        ("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
    **CLUSTER_ROLES,
}
