"""The gateway: API Management Standard v2, its identity, its policies, and what it tells of itself."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import apimanagement as apim

from infra import gateway
from infra.components.grants import Grants, GrantsArgs, promoter
from infra.components.key_vault import KeyVault
from infra.components.network import Network
from infra.components.site import Site, child_of
from infra.components.telemetry import Telemetry
from infra.config_gateway import Gateway as Settings

_SECURITY: Final = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
# "customProperties" of Microsoft.ApiManagement/service; all that is older than TLS 1.2, and ciphers without
# forward secrecy.
SWITCHED_OFF: Final = (
    *(f"{_SECURITY}.Protocols.{name}" for name in ("Tls10", "Tls11", "Ssl30")),
    *(f"{_SECURITY}.Backend.Protocols.{name}" for name in ("Tls10", "Tls11", "Ssl30")),
    *(
        f"{_SECURITY}.Ciphers.{name}"
        for name in (
            "TripleDes168",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_AES_256_CBC_SHA",
            "TLS_RSA_WITH_AES_128_CBC_SHA256",
            "TLS_RSA_WITH_AES_256_CBC_SHA256",
            "TLS_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        )
    ),
)
# What the named value holds until a release points it at the key in Key Vault. It opens nothing.
NO_KEY: Final = "unreleased"
CREATION: Final = "3h"  # Azure takes up to an hour and a half; a timeout would leave half a service


@dataclass(frozen=True, slots=True)
class GatewayArgs:
    """settings: the section `gateway`."""

    site: Site
    settings: Settings
    network: Network
    vault: KeyVault
    telemetry: Telemetry


class Gateway(pulumi.ComponentResource):
    """service_name, id, url. Depend on it before what its policies go out to."""

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:serving:Gateway", name, None, opts)
        site = args.site
        self._name = name
        self._site = site
        self._service = self._made(args)
        self.service_name = self._service.name
        self.id = self._service.id
        self.url = self._service.gateway_url
        grants = self._grants(args)
        values = [*self._named_values(args), self._backend_key(grants)]
        logger = self._logger(args, grants)
        self._diagnostic(logger)
        fragments = self._fragments(args, values)
        self._policy()
        self.ready: list[pulumi.Resource] = [*values, *fragments]
        if chosen := promoter(site.settings):
            Grants(
                f"{name}-promoters",
                GrantsArgs(site, chosen, {"gateway": self.id}),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"id": self.id})

    def _made(self, args: GatewayArgs) -> apim.ApiManagementService:
        site, settings = self._site, args.settings
        public = not site.settings.private or site.settings.open_gateway
        return apim.ApiManagementService(
            self._name,
            resource_group_name=site.group,
            service_name=site.names.of("gateway"),
            location=site.location,
            sku=apim.ApiManagementServiceSkuPropertiesArgs(name="StandardV2", capacity=settings.units),
            publisher_name=settings.publisher_name,
            publisher_email=settings.publisher_email,
            # System-assigned, the one exception here: to a vault behind a firewall API Management comes as a
            # trusted service, and that with this identity alone.
            identity=apim.ApiManagementServiceIdentityArgs(type=apim.ApimIdentityType.SYSTEM_ASSIGNED),
            virtual_network_type="External",
            virtual_network_configuration=apim.VirtualNetworkConfigurationArgs(
                subnet_resource_id=args.network.subnet_ids["gateway"]
            ),
            # Azure refuses "Disabled" at creation: see docs/decisions/0010-gateway-in-two-passes.md.
            public_network_access="Enabled" if public else "Disabled",
            custom_properties=dict.fromkeys(SWITCHED_OFF, "False"),
            developer_portal_status="Disabled",
            legacy_portal_status="Disabled",
            disable_gateway=False,
            restore=site.settings.recover_gateway,
            tags=site.tags,
            # `restore` matters at creation only: recoverGateway may go back to false without a change.
            opts=child_of(self, create_timeout=CREATION, ignore_changes=["restore"]),
        )

    def _grants(self, args: GatewayArgs) -> Grants:
        principal = self._service.identity.apply(_principal)
        scopes = {"key-vault": args.vault.id, "application-insights": args.telemetry.application_insights_id}
        return Grants(
            f"{self._name}-grants",
            GrantsArgs(self._site, {"gateway": principal}, scopes),
            pulumi.ResourceOptions(parent=self),
        )

    def _named_values(self, args: GatewayArgs) -> list[pulumi.Resource]:
        """The settings that the policies call {{name}}."""
        settings = args.settings
        plain = {"calls-per-minute": str(settings.calls_per_minute)}
        if settings.audience:
            plain |= {"audience": settings.audience, "tenant-id": self._site.settings.azure.tenant_id}
        return [
            apim.NamedValue(
                f"{self._name}-{key}",
                resource_group_name=self._site.group,
                service_name=self._service.name,
                named_value_id=key,
                display_name=key,
                value=value,
                secret=False,
                opts=child_of(self),
            )
            for key, value in plain.items()
        ]

    def _backend_key(self, grants: Grants) -> pulumi.Resource:
        """The scoring service's key, which belongs to the release, as the pool does.

        Azure fetches a secret when a named value is pointed at it, and a new vault has none: `mlops deploy`
        and `mlops key` make the key, and point it there.
        """
        return apim.NamedValue(
            f"{self._name}-backend-key",
            resource_group_name=self._site.group,
            service_name=self._service.name,
            named_value_id=gateway.BACKEND_KEY,
            display_name=gateway.BACKEND_KEY,
            value=NO_KEY,
            secret=False,
            opts=child_of(
                self,
                depends_on=[grants],
                ignore_changes=["value", "secret", "keyVault"],
                hooks=self._site.late_grants,
            ),
        )

    def _logger(self, args: GatewayArgs, grants: Grants) -> apim.Logger:
        return apim.Logger(
            f"{self._name}-logger",
            resource_group_name=self._site.group,
            service_name=self._service.name,
            logger_id="application-insights",
            logger_type=apim.LoggerType.APPLICATION_INSIGHTS,
            resource_id=args.telemetry.application_insights_id,
            # By identity: Application Insights takes no key, and its address opens nothing. It is marked as
            # a secret all the same, as whatever is called so.
            credentials={
                "connectionString": pulumi.Output.secret(args.telemetry.connection_string),
                "identityClientId": "SystemAssigned",
            },
            is_buffered=True,
            opts=child_of(self, depends_on=[grants], hooks=self._site.late_grants),
        )

    def _diagnostic(self, logger: apim.Logger) -> None:
        """Each request and its call of the backend in one trace; neither bodies nor callers' addresses."""
        nothing = apim.PipelineDiagnosticSettingsArgs(
            request=apim.HttpMessageDiagnosticArgs(body=apim.BodyDiagnosticSettingsArgs(bytes=0), headers=[]),
            response=apim.HttpMessageDiagnosticArgs(
                body=apim.BodyDiagnosticSettingsArgs(bytes=0), headers=[]
            ),
        )
        apim.Diagnostic(
            f"{self._name}-diagnostic",
            resource_group_name=self._site.group,
            service_name=self._service.name,
            diagnostic_id="applicationinsights",  # Azure's own name
            logger_id=logger.id,
            always_log="allErrors",
            http_correlation_protocol="W3C",
            log_client_ip=False,
            metrics=True,
            operation_name_format="Name",
            sampling=apim.SamplingSettingsArgs(sampling_type="fixed", percentage=100),
            verbosity="information",
            frontend=nothing,
            backend=nothing,
            opts=child_of(self),
        )

    def _fragments(self, args: GatewayArgs, values: list[pulumi.Resource]) -> list[pulumi.Resource]:
        private, tokens = self._site.settings.private, args.settings.audience is not None
        found: dict[str, pulumi.Input[str]] = {**gateway.fragments((), private=private, tokens=tokens)}
        if not private:
            # The estate's own runners call from the address by which its traffic leaves.
            ranges = pulumi.Output.all(*args.network.access.public_ranges)
            found["callers"] = ranges.apply(lambda listed: gateway.listed(filter(None, listed)))
        return [
            apim.PolicyFragment(
                f"{self._name}-{key}",
                resource_group_name=self._site.group,
                service_name=self._service.name,
                id=key,
                format="xml",
                value=content,
                opts=child_of(self, depends_on=values),
            )
            for key, content in found.items()
        ]

    def _policy(self) -> None:
        apim.Policy(
            f"{self._name}-policy",
            resource_group_name=self._site.group,
            service_name=self._service.name,
            policy_id="policy",
            format="xml",
            value=gateway.text("service.xml"),
            opts=child_of(self),
        )


def _principal(identity: apim.outputs.ApiManagementServiceIdentityResponse | None) -> str:
    return identity.principal_id if identity else ""
