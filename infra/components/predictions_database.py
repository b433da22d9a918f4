"""The database of predictions by key: a PostgreSQL server that Microsoft Entra ID alone signs people in to.

It is reached by a private endpoint in every estate, and by nothing else. Its tables, and the roles of who
loads and who looks up, are no resources of Azure: `mlops precomputed prepare` makes them, as its
administrators. It makes the database too: one that Azure makes before there is an administrator belongs to a
role that nobody has (hashicorp/terraform-provider-azurerm#27895).
"""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import dbforpostgresql as postgres

from infra.components.site import Site, child_of
from infra.config_predictions import PredictionsDatabase as PredictionsSettings

PARAMETERS: Final = {
    "require_secure_transport": "ON",
    "ssl_min_protocol_version": "TLSv1.2",
    "log_connections": "ON",
    "log_disconnections": "ON",
}
"""The server's own, which would be so without being said: whoever changes one is seen by a preview."""


@dataclass(frozen=True, slots=True)
class PredictionsDatabaseArgs:
    site: Site
    settings: PredictionsSettings


class PredictionsDatabase(pulumi.ComponentResource):
    """id; host: the name that a private zone answers for."""

    def __init__(
        self, name: str, args: PredictionsDatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:data:PredictionsDatabase", name, None, opts)
        site, settings = args.site, args.settings
        server = postgres.Server(
            name,
            resource_group_name=site.group,
            server_name=site.names.of("predictions_server"),
            location=site.location,
            version=settings.version,
            sku=postgres.SkuArgs(name=settings.vm_size, tier=settings.tier),
            # What grew by itself would have to shrink at the next `pulumi up`, which Azure refuses.
            storage=postgres.StorageArgs(
                storage_size_gb=settings.storage_gb, auto_grow="Disabled", type="Premium_LRS"
            ),
            auth_config=postgres.AuthConfigArgs(
                active_directory_auth="Enabled",
                password_auth="Disabled",  # noqa: S106 - which is that there are none
                tenant_id=site.settings.azure.tenant_id,
            ),
            network=postgres.NetworkArgs(public_network_access="Disabled"),
            backup=postgres.BackupArgs(
                backup_retention_days=settings.backup_days,
                geo_redundant_backup="Enabled" if settings.geo_redundant_backup else "Disabled",
            ),
            high_availability=postgres.HighAvailabilityArgs(
                mode="ZoneRedundant" if settings.zone_redundant else "Disabled"
            ),
            data_encryption=postgres.DataEncryptionArgs(type="SystemManaged"),
            tags=site.tags,
            opts=child_of(self, protect=site.protect, create_timeout="30m"),
        )
        after: pulumi.Resource = postgres.AdministratorsMicrosoftEntra(
            f"{name}-administrators",
            resource_group_name=site.group,
            server_name=server.name,
            object_id=site.settings.engineers_group_id,
            principal_name=settings.administrators,
            principal_type="Group",
            tenant_id=site.settings.azure.tenant_id,
            opts=child_of(self, create_timeout="20m"),
        )
        for key, value in PARAMETERS.items():
            # The server takes one change at a time, and says that it is busy to the next.
            after = postgres.Configuration(
                f"{name}-{key.replace('_', '-')}",
                resource_group_name=site.group,
                server_name=server.name,
                configuration_name=key,
                value=value,
                source="user-override",
                opts=child_of(self, depends_on=[after]),
            )
        self.id = server.id
        self.host = pulumi.Output.concat(server.name, ".postgres.database.azure.com")
        self.register_outputs({"id": server.id})
