"""What the estate's function apps have in common: Flex Consumption, by identity alone, shut by default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import storage, web

from infra.components.access import Access
from infra.components.identities import Identity
from infra.components.site import Site, child_of
from infra.components.storage_account import AccountArgs, storage_account
from infra.components.telemetry import Telemetry

PACKAGES: Final = "packages"
"""The container of the host's account that Azure reads an app's code from."""
PYTHON: Final = "3.11"


@dataclass(frozen=True, slots=True)
class FlexArgs:
    """One app and the plan of its own: Flex Consumption takes one app a plan.

    app, plan: names. account: of its host, with the container PACKAGES. subnet: id of its way out.
    memory: MB of an instance. instances: at most. settings: environment variables of the code, none of them a
    secret in clear. public: whether its public address answers anybody. lets_in: who may call it there.
    """

    site: Site
    app: str
    plan: str
    identity: Identity
    account: storage.StorageAccount
    subnet: pulumi.Input[str]
    memory: int
    instances: int
    settings: Mapping[str, pulumi.Input[str]]
    public: bool
    lets_in: Sequence[web.IpSecurityRestrictionArgs]


def host_account(
    parent: pulumi.Resource, name: str, site: Site, access: Access, kind: str
) -> storage.StorageAccount:
    """An account of the host's own, which owns all that is in it: in another there would be data.

    kind: of its name, a key of naming.KINDS.
    """
    return storage_account(
        parent,
        f"{name}-storage",
        AccountArgs(
            group=site.group,
            name=site.names.of(kind),
            location=site.location,
            redundancy=site.settings.storage.redundancy,
            tags=site.tags,
            public=access.public,
            callers=access.callers,
            subnets=access.subnets.get("Microsoft.Storage", []),
            protect=site.protect,
        ),
    )


def container(
    parent: pulumi.Resource,
    name: str,
    key: str,
    site: Site,
    account: pulumi.Input[str],
    after: pulumi.Resource,
) -> storage.BlobContainer:
    """A private container of an account, called `key` there. after: the account's blob service."""
    return storage.BlobContainer(
        f"{name}-{key}",
        resource_group_name=site.group,
        account_name=account,
        container_name=site.names.of("blob_container", key),
        public_access=storage.PublicAccess.NONE,
        opts=child_of(parent, depends_on=[after], protect=site.protect),
    )


def host_settings(
    account: storage.StorageAccount, client_id: pulumi.Input[str], telemetry: Telemetry
) -> dict[str, pulumi.Input[str]]:
    """What the host reads: its storage and its telemetry, both by identity, without a key or a secret."""
    return {
        "AzureWebJobsStorage__accountName": account.name,
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client_id,
        "AZURE_CLIENT_ID": client_id,
        # It opens nothing where everybody signs in by identity; sealed as in the gateway's logger.
        "APPLICATIONINSIGHTS_CONNECTION_STRING": pulumi.Output.secret(telemetry.connection_string),
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": pulumi.Output.concat(
            "ClientId=", client_id, ";Authorization=AAD"
        ),
    }


def listed(site: Site, why: str) -> list[web.IpSecurityRestrictionArgs]:
    """Access restrictions that let the estate's callers in; none in a private one. why: their description."""
    return [
        web.IpSecurityRestrictionArgs(
            name=f"callers-{number}",
            description=why,
            priority=200 + number,
            action="Allow",
            ip_address=range_ if "/" in range_ else f"{range_}/32",
        )
        for number, range_ in enumerate(site.settings.callers)
    ]


def flex_app(parent: pulumi.Resource, name: str, args: FlexArgs, after: list[pulumi.Resource]) -> web.WebApp:
    """The plan, the app, and that nobody publishes by a password. after: what has to stand before the app."""
    site = args.site
    plan = web.AppServicePlan(
        f"{name}-plan",
        resource_group_name=site.group,
        name=args.plan,
        location=site.location,
        kind="functionapp",
        reserved=True,  # Linux
        sku=web.SkuDescriptionArgs(name="FC1", tier="FlexConsumption"),
        zone_redundant=False,
        tags=site.tags,
        opts=child_of(parent),
    )
    app = web.WebApp(
        f"{name}-app",
        resource_group_name=site.group,
        name=args.app,
        location=site.location,
        kind="functionapp,linux",
        server_farm_id=plan.id,
        identity=web.ManagedServiceIdentityArgs(
            type=web.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity.id]
        ),
        key_vault_reference_identity=args.identity.id,
        https_only=True,
        client_affinity_enabled=False,
        client_cert_enabled=False,
        public_network_access="Enabled" if args.public else "Disabled",
        virtual_network_subnet_id=args.subnet,
        outbound_vnet_routing=web.OutboundVnetRoutingArgs(all_traffic=True),
        function_app_config=web.FunctionAppConfigArgs(
            deployment=web.FunctionsDeploymentArgs(
                storage=web.FunctionsDeploymentStorageArgs(
                    type=web.FunctionsDeploymentStorageType.BLOB_CONTAINER,
                    value=pulumi.Output.concat(
                        "https://", args.account.name, f".blob.core.windows.net/{PACKAGES}"
                    ),
                    authentication=web.FunctionsDeploymentStorageAuthenticationArgs(
                        type=web.AuthenticationType.USER_ASSIGNED_IDENTITY,
                        user_assigned_identity_resource_id=args.identity.id,
                    ),
                )
            ),
            runtime=web.FunctionsRuntimeArgs(name=web.RuntimeName.PYTHON, version=PYTHON),
            scale_and_concurrency=web.FunctionsScaleAndConcurrencyArgs(
                maximum_instance_count=args.instances, instance_memory_mb=args.memory
            ),
        ),
        site_config=_site_config(args),
        tags=site.tags,
        opts=child_of(parent, depends_on=after, hooks=site.late_grants),
    )
    # Publishing by password, which Azure would allow.
    web.WebAppScmAllowed(
        f"{name}-no-scm-password",
        resource_group_name=site.group,
        name=app.name,
        allow=False,
        opts=child_of(parent),
    )
    web.WebAppFtpAllowed(
        f"{name}-no-ftp-password",
        resource_group_name=site.group,
        name=app.name,
        allow=False,
        opts=child_of(parent),
    )
    return app


def _site_config(args: FlexArgs) -> web.SiteConfigArgs:
    """Without ftps_state, which Azure refuses for Flex Consumption: there is no FTP that it could shut."""
    found = web.SiteConfigArgs(
        app_settings=[
            web.NameValuePairArgs(name=key, value=value) for key, value in sorted(args.settings.items())
        ],
        min_tls_version="1.2",
        scm_min_tls_version="1.2",
        http20_enabled=True,
        remote_debugging_enabled=False,
        web_sockets_enabled=False,
        vnet_route_all_enabled=True,
        ip_security_restrictions=list(args.lets_in),
        ip_security_restrictions_default_action="Deny",
        scm_ip_security_restrictions=listed(args.site, "who puts the code there"),
        scm_ip_security_restrictions_default_action="Deny",
        scm_ip_security_restrictions_use_main=False,
    )
    # The SDK fills in v4.6, which Azure refuses for Flex Consumption (pulumi-azure-native#4168).
    found.net_framework_version = None
    return found
