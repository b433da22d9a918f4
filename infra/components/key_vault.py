"""A Key Vault: secrets by role assignment only, deleted ones kept for a while.

There are two: one for the callers' key, and one of Azure ML's own, which keeps the workspace's connections
there. Whoever may do all with the one (Azure ML) has no right on the other.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from infra.components.access import Access
from infra.components.site import Site, child_of


@dataclass(frozen=True, slots=True)
class KeyVaultArgs:
    """kind: of its name, a key of `naming.KINDS`."""

    site: Site
    access: Access
    kind: str = "key_vault"


class KeyVault(pulumi.ComponentResource):
    """vault_name, id, uri."""

    def __init__(self, name: str, args: KeyVaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:KeyVault", name, None, opts)
        site, settings = args.site, args.site.settings.key_vault
        vault = keyvault.Vault(
            name,
            resource_group_name=site.group,
            vault_name=site.names.of(args.kind),
            location=site.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=site.settings.azure.tenant_id,
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
                create_mode=keyvault.CreateMode.RECOVER
                if site.settings.recover_key_vault
                else keyvault.CreateMode.DEFAULT,
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                enable_purge_protection=True,
                soft_delete_retention_in_days=settings.retention_days,
                enabled_for_deployment=False,
                enabled_for_disk_encryption=False,
                enabled_for_template_deployment=False,
                public_network_access=args.access.public,
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action="Deny",
                    bypass="AzureServices",
                    ip_rules=[keyvault.IPRuleArgs(value=callers) for callers in args.access.callers],
                    virtual_network_rules=[
                        keyvault.VirtualNetworkRuleArgs(id=subnet, ignore_missing_vnet_service_endpoint=False)
                        for subnet in args.access.subnets.get("Microsoft.KeyVault", [])
                    ],
                ),
            ),
            tags=site.tags,
            # createMode matters at creation only: `recoverKeyVault` may go back to false without a change.
            opts=child_of(self, protect=site.protect, ignore_changes=["properties.createMode"]),
        )
        self.vault_name = vault.name
        self.id = vault.id
        self.uri = pulumi.Output.concat("https://", vault.name, ".vault.azure.net/")
        self.register_outputs({"id": vault.id})
