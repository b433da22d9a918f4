"""A small estate: names given and made up, parents and children, secrets, identities, functions."""

import pulumi

from infra import narrow_imports

narrow_imports.install()  # the SDK's own import, of all of network, would be half of the CPU of a run

import pulumi_azure_native as azure  # noqa: E402

config = pulumi.Config()
tags = {"owner": config.get("owner") or "team"}
group = azure.resources.ResourceGroup(
    "group", resource_group_name="rg-sample", location="westeurope", tags=tags
)
network = azure.network.VirtualNetwork(
    "network",
    resource_group_name=group.name,
    virtual_network_name="vnet-sample",
    address_space=azure.network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
)
security = azure.network.NetworkSecurityGroup(
    "security",
    resource_group_name=group.name,
    network_security_group_name="nsg-sample",
    security_rules=[
        azure.network.SecurityRuleArgs(
            name="https",
            access="Allow",
            direction="Inbound",
            priority=100,
            protocol="Tcp",
            source_address_prefix="VirtualNetwork",
            source_port_range="*",
            destination_address_prefix="*",
            destination_port_range="443",
        )
    ],
)
subnet = azure.network.Subnet(
    "subnet",
    resource_group_name=group.name,
    virtual_network_name=network.name,
    subnet_name="inference",
    address_prefix="10.0.1.0/24",
    network_security_group=azure.network.NetworkSecurityGroupArgs(id=security.id),
    delegations=[
        azure.network.DelegationArgs(name="aci", service_name="Microsoft.ContainerInstance/containerGroups")
    ],
)
identity = azure.managedidentity.UserAssignedIdentity("identity", resource_group_name=group.name)
account = azure.storage.StorageAccount(
    "account",
    resource_group_name=group.name,
    account_name=config.get("account") or "sampleaccount01",
    kind="StorageV2",
    sku=azure.storage.SkuArgs(name="Standard_LRS"),
    allow_shared_key_access=False,
    identity=azure.storage.IdentityArgs(type="UserAssigned", user_assigned_identities=[identity.id]),
    tags=tags,
)
container = azure.storage.BlobContainer(
    "data", resource_group_name=group.name, account_name=account.name, container_name="data"
)
azure.authorization.RoleAssignment(
    "reader",
    scope=account.id,
    principal_id=identity.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id=group.id.apply(
        lambda group_id: (
            f"{group_id.split('/resourceGroups')[0]}/providers/Microsoft.Authorization"
            "/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
        )
    ),
)
vault = azure.keyvault.Vault(
    "vault",
    resource_group_name=group.name,
    vault_name="kv-sample-01",
    properties=azure.keyvault.VaultPropertiesArgs(
        tenant_id=azure.authorization.get_client_config_output().tenant_id,
        sku=azure.keyvault.SkuArgs(family="A", name=azure.keyvault.SkuName.STANDARD),
        enable_rbac_authorization=True,
    ),
)
azure.keyvault.Secret(
    "secret",
    resource_group_name=group.name,
    vault_name=vault.name,
    secret_name="caller-key",
    properties=azure.keyvault.SecretPropertiesArgs(value=config.require_secret("key")),
)
pulumi.export("principal", identity.principal_id)
pulumi.export("blob", account.primary_endpoints.blob)
pulumi.export("group", azure.resources.get_resource_group_output(resource_group_name=group.name).location)
