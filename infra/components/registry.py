"""The container registry, machines in the network that build its images, and copies of their base."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerregistry as acr

from infra.components.network import Network
from infra.components.site import Site, child_of


@dataclass(frozen=True, slots=True)
class RegistryArgs:
    site: Site
    network: Network


class Registry(pulumi.ComponentResource):
    """registry_name, id, login_server; build_agent_pool (its name) and base_image, or None."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:images:Registry", name, None, opts)
        site, settings, access = args.site, args.site.settings.registry, args.network.access
        registry = acr.Registry(
            name,
            resource_group_name=site.group,
            registry_name=site.names.of("registry"),
            location=site.location,
            sku=acr.SkuArgs(name="Premium"),  # private endpoints, network rules and build agents need it
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=True,
            zone_redundancy="Enabled" if settings.zone_redundant else "Disabled",
            public_network_access=access.public,
            network_rule_bypass_options="AzureServices",  # container groups pull by identity
            network_rule_set=acr.NetworkRuleSetArgs(
                default_action="Deny",
                ip_rules=[
                    acr.IPRuleArgs(i_p_address_or_range=callers, action="Allow")
                    for callers in access.public_ranges
                ],
            ),
            policies=acr.PoliciesArgs(
                azure_ad_authentication_as_arm_policy=acr.AzureADAuthenticationAsArmPolicyArgs(
                    status="enabled"
                ),
                # Azure takes "disabled" only from a registry without public access.
                export_policy=acr.ExportPolicyArgs(status="disabled" if access.private else "enabled"),
                quarantine_policy=acr.QuarantinePolicyArgs(status="disabled"),
                retention_policy=acr.RetentionPolicyArgs(status="enabled", days=settings.untagged_days),
                trust_policy=acr.TrustPolicyArgs(status="disabled", type="Notary"),
            ),
            tags=site.tags,
            opts=child_of(self, protect=site.protect, create_timeout="20m"),
        )
        self.registry_name = registry.name
        self.id = registry.id
        self.login_server = pulumi.Output.concat(registry.name, ".azurecr.io")
        self.build_agent_pool: pulumi.Output[str] | None = None
        if settings.build_agents:
            # The registry's firewall keeps shared build machines out; these stand inside the network.
            pool = acr.AgentPool(
                f"{name}-builds",
                resource_group_name=site.group,
                registry_name=registry.name,
                agent_pool_name=site.names.of("build_agent_pool"),
                location=site.location,
                os="Linux",
                tier=settings.build_agents.tier,
                count=settings.build_agents.count,
                virtual_network_subnet_resource_id=args.network.subnet_ids["build-agents"],
                tags=site.tags,
                opts=child_of(
                    self, create_timeout="45m", fixed=["os", "tier", "virtualNetworkSubnetResourceId"]
                ),
            )
            self.build_agent_pool = pool.name
        self.base_image: pulumi.Output[str] | None = None
        if base := settings.base_image:
            # Builds fetch their base here: by digest, not from a public hub that counts anonymous pulls.
            rule = acr.CacheRule(
                f"{name}-base",
                resource_group_name=site.group,
                registry_name=registry.name,
                cache_rule_name=site.names.of("cache_rule"),
                source_repository=base.repository,
                target_repository=base.copy_repository,
                opts=child_of(self, fixed=["sourceRepository", "targetRepository"]),
            )
            copy = f"{base.copy_repository}:{base.tag}@{base.digest}"
            self.base_image = pulumi.Output.all(registry.name, rule.id).apply(
                lambda made: f"{made[0]}.azurecr.io/{copy}"
            )
        self.register_outputs({"id": registry.id})
