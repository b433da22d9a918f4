"""A vault with a secret and a container with a secure value, both from secret settings of the stack."""

import sys

import pulumi
import pulumi_azure_native as azure

config = pulumi.Config()
group = azure.resources.ResourceGroup("group", resource_group_name="rg-canaries", location="westeurope")
vault = azure.keyvault.Vault(
    "vault",
    resource_group_name=group.name,
    vault_name="kv-canaries",
    properties=azure.keyvault.VaultPropertiesArgs(
        tenant_id=config.require("tenantId"),
        sku=azure.keyvault.SkuArgs(family="A", name=azure.keyvault.SkuName.STANDARD),
        enable_rbac_authorization=True,
    ),
)
azure.authorization.RoleAssignment(
    "officer",
    scope=vault.id,
    role_assignment_name="5e1f2c52-7a0e-4b7e-9d55-0c2a41f0a0c4",
    role_definition_id=(
        "/providers/Microsoft.Authorization/roleDefinitions/b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
    ),
    principal_id=config.require("officerId"),
    principal_type=azure.authorization.PrincipalType.SERVICE_PRINCIPAL,
)
azure.keyvault.Secret(
    "password",
    resource_group_name=group.name,
    vault_name=vault.name,
    secret_name="password",
    properties=azure.keyvault.SecretPropertiesArgs(value=config.require_secret("password")),
)
azure.containerinstance.ContainerGroup(
    "service",
    resource_group_name=group.name,
    container_group_name="canaries",
    location="westeurope",
    os_type=azure.containerinstance.OperatingSystemTypes.LINUX,
    restart_policy=azure.containerinstance.ContainerGroupRestartPolicy.ALWAYS,
    containers=[
        azure.containerinstance.ContainerArgs(
            name="service",
            image=f"python:{sys.version_info.major}.{sys.version_info.minor}-slim",
            command=["python", "-c", "import time; print('runs', flush=True); time.sleep(3600)"],
            environment_variables=[
                azure.containerinstance.EnvironmentVariableArgs(
                    name="SECURE", secure_value=config.require_secret("secure")
                )
            ],
            resources=azure.containerinstance.ResourceRequirementsArgs(
                requests=azure.containerinstance.ResourceRequestsArgs(cpu=1, memory_in_gb=1)
            ),
        )
    ],
)
if wrong := config.get_secret("wrong"):  # a secret where only certain words may stand
    place = config.require("wrongPlace")
    azure.storage.StorageAccount(
        "account",
        resource_group_name=group.name,
        account_name=wrong if place == "accountName" else "canaries",
        location=group.location,
        kind=wrong if place == "kind" else "StorageV2",
        sku=azure.storage.SkuArgs(name="Standard_LRS"),
    )
pulumi.export("secure", config.require_secret("secure"))
