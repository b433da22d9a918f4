"""The Kubernetes cluster that production scores on: private, Entra ID only, an identity for each workload."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import managedidentity, privatedns

from infra.addresses import BY_KEY
from infra.components.container_insights import ContainerInsights, ContainerInsightsArgs
from infra.components.grants import Grants, GrantsArgs
from infra.components.identities import Identities
from infra.components.network import Network
from infra.components.private_dns import linked_zone
from infra.components.site import Site, child_of
from infra.components.telemetry import Telemetry
from infra.config_kubernetes import Kubernetes as Settings
from infra.config_kubernetes import Maintenance
from infra.namespace_labels import namespace_labels
from infra.service_accounts import AUDIENCE, SERVICE_ACCOUNTS

OUTBOUND: Final = {"natGateway": "userAssignedNATGateway", "firewall": "userDefinedRouting"}
ADDONS_ONLY: Final = "CriticalAddonsOnly=true:NoSchedule"  # AKS's own taint of system pools
PODS_OF_A_NODE: Final = 110
# Azure's names: the cluster's upgrades, and those of the nodes' images.
WINDOWS: Final = ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
UPGRADED: Final = ("kubernetesVersion", "agentPoolProfiles[0].orchestratorVersion")


@dataclass(frozen=True, slots=True)
class KubernetesArgs:
    """settings: the section `kubernetes`. Whoever makes this waits for the roles on the registry."""

    site: Site
    settings: Settings
    network: Network
    identities: Identities
    telemetry: Telemetry


class Kubernetes(pulumi.ComponentResource):
    """cluster_name, id, issuer (of the tokens of its service accounts)."""

    def __init__(self, name: str, args: KubernetesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:serving:Kubernetes", name, None, opts)
        site, here = args.site, pulumi.ResourceOptions(parent=self)
        # The API server's zone is the estate's own: one that AKS makes nobody else may link.
        api_server = f"privatelink.{site.location}.azmk8s.io"
        zone, link = linked_zone(self, f"{name}-zone", api_server, site, args.network)
        subnet = args.network.subnet_ids["kubernetes"]
        scopes = {
            "kubernetes-subnet": subnet,
            "kubernetes-zone": zone.id,
            "kubelet-identity": args.identities["kubelet"].id,
        }
        own = Grants(f"{name}-own-grants", GrantsArgs(site, args.identities, scopes), here)
        cluster = self._cluster(name, args, subnet, zone, [own, link])
        self._user_nodes(name, args, subnet, cluster)
        for window in WINDOWS:
            self._window(name, site, cluster, window, args.settings.maintenance)
        self.cluster_name = cluster.name
        self.id = cluster.id
        self.issuer: pulumi.Output[str] = cluster.oidc_issuer_profile.apply(_issuer)
        self._namespaces(name, site, cluster)
        self._credentials(name, args)
        Grants(f"{name}-grants", GrantsArgs(site, args.identities, {"kubernetes": cluster.id}), here)
        insights = ContainerInsightsArgs(site, cluster.id, args.telemetry)
        ContainerInsights(f"{name}-insights", insights, here)
        self.register_outputs({"id": cluster.id})

    def _cluster(
        self,
        name: str,
        args: KubernetesArgs,
        subnet: pulumi.Input[str],
        zone: privatedns.PrivateZone,
        ready: list[pulumi.Resource],
    ) -> aks.ManagedCluster:
        site, settings, kubelet = args.site, args.settings, args.identities["kubelet"]
        services = settings.service_range
        return aks.ManagedCluster(
            name,
            resource_group_name=site.group,
            resource_name_=site.names.of("kubernetes_cluster"),
            location=site.location,
            dns_prefix=site.names.of("kubernetes_cluster"),
            node_resource_group=site.names.of("kubernetes_nodes"),
            kubernetes_version=settings.version,
            sku=aks.ManagedClusterSKUArgs(name="Base", tier=settings.tier),
            support_plan="KubernetesOfficial",
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[args.identities["cluster"].id],
            ),
            identity_profile={
                "kubeletidentity": aks.UserAssignedIdentityArgs(
                    resource_id=kubelet.id, client_id=kubelet.client_id, object_id=kubelet.principal_id
                )
            },
            enable_rbac=True,
            disable_local_accounts=True,
            aad_profile=aks.ManagedClusterAADProfileArgs(
                managed=True, enable_azure_rbac=True, tenant_id=site.settings.azure.tenant_id
            ),
            api_server_access_profile=aks.ManagedClusterAPIServerAccessProfileArgs(
                enable_private_cluster=True,
                enable_private_cluster_public_fqdn=False,
                private_dns_zone=zone.id,
                # It would run commands inside from anywhere, past the network.
                disable_run_command=True,
            ),
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=aks.ManagedClusterSecurityProfileArgs(
                workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
                image_cleaner=aks.ManagedClusterSecurityProfileImageCleanerArgs(
                    enabled=True, interval_hours=168
                ),
            ),
            auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel=settings.upgrade_channel, node_os_upgrade_channel="NodeImage"
            ),
            auto_scaler_profile=aks.ManagedClusterPropertiesAutoScalerProfileArgs(
                expander="least-waste",
                skip_nodes_with_system_pods="true",
                skip_nodes_with_local_storage="false",
            ),
            network_profile=aks.ContainerServiceNetworkProfileArgs(
                network_plugin="azure",
                network_plugin_mode="overlay",
                network_dataplane="cilium",
                network_policy="cilium",
                load_balancer_sku="standard",
                outbound_type=_outbound(site),
                pod_cidr=str(settings.pod_range),
                service_cidr=str(services),
                dns_service_ip=str(services.network_address + 10),
            ),
            addon_profiles={
                "azurepolicy": aks.ManagedClusterAddonProfileArgs(enabled=True),
                "omsagent": aks.ManagedClusterAddonProfileArgs(
                    enabled=True,
                    config={
                        "logAnalyticsWorkspaceResourceID": args.telemetry.log_analytics_id,
                        "useAADAuth": "true",
                    },
                ),
            },
            agent_pool_profiles=[
                aks.ManagedClusterAgentPoolProfileArgs(
                    name=site.names.of("system_nodes"),
                    mode="System",
                    type="VirtualMachineScaleSets",
                    os_type="Linux",
                    os_sku="AzureLinux",
                    vm_size=settings.system_nodes.vm_size,
                    enable_auto_scaling=True,
                    min_count=settings.system_nodes.min_nodes,
                    max_count=settings.system_nodes.max_nodes,
                    availability_zones=_zones(site),
                    vnet_subnet_id=subnet,
                    enable_node_public_ip=False,
                    enable_encryption_at_host=True,
                    max_pods=PODS_OF_A_NODE,
                    node_taints=[ADDONS_ONLY],
                    upgrade_settings=_upgrades(),
                    tags=site.tags,
                )
            ],
            tags=site.tags,
            opts=child_of(
                self,
                depends_on=ready,
                create_timeout="1h",
                ignore_changes=_upgraded(settings, UPGRADED),
                hooks=site.late_grants,
            ),
        )

    def _user_nodes(
        self, name: str, args: KubernetesArgs, subnet: pulumi.Input[str], cluster: aks.ManagedCluster
    ) -> None:
        site, nodes = args.site, args.settings.user_nodes
        aks.AgentPool(
            f"{name}-user",
            resource_group_name=site.group,
            resource_name_=cluster.name,
            agent_pool_name=site.names.of("user_nodes"),
            mode="User",
            type="VirtualMachineScaleSets",
            os_type="Linux",
            os_sku="AzureLinux",
            vm_size=nodes.vm_size,
            enable_auto_scaling=True,
            min_count=nodes.min_nodes,
            max_count=nodes.max_nodes,
            availability_zones=_zones(site),
            vnet_subnet_id=subnet,
            enable_node_public_ip=False,
            enable_encryption_at_host=True,
            max_pods=PODS_OF_A_NODE,
            upgrade_settings=_upgrades(),
            tags=site.tags,
            opts=child_of(
                self, create_timeout="45m", ignore_changes=_upgraded(args.settings, ("orchestratorVersion",))
            ),
        )

    def _window(
        self, name: str, site: Site, cluster: aks.ManagedCluster, window: str, when: Maintenance
    ) -> None:
        aks.MaintenanceConfiguration(
            f"{name}-{window}",
            resource_group_name=site.group,
            resource_name_=cluster.name,
            config_name=window,
            maintenance_window=aks.MaintenanceWindowArgs(
                schedule=aks.ScheduleArgs(
                    weekly=aks.WeeklyScheduleArgs(day_of_week=when.day, interval_weeks=1)
                ),
                start_time=when.start,
                duration_hours=when.hours,
                utc_offset="+00:00",
            ),
            opts=child_of(self),
        )

    def _namespaces(self, name: str, site: Site, cluster: aks.ManagedCluster) -> None:
        """Made here, so that whoever promotes need not be allowed to make one, or to loosen its rules."""
        for namespace in dict.fromkeys(account.namespace for account in SERVICE_ACCOUNTS):
            aks.ManagedNamespace(
                f"{name}-{namespace}",
                resource_group_name=site.group,
                resource_name_=cluster.name,
                managed_namespace_name=namespace,
                location=site.location,
                properties=aks.NamespacePropertiesArgs(
                    labels=namespace_labels(),
                    default_network_policy=aks.NetworkPoliciesArgs(ingress="DenyAll", egress="DenyAll"),
                    adoption_policy=aks.AdoptionPolicy.IF_IDENTICAL,
                    delete_policy=aks.DeletePolicy.KEEP,
                ),
                tags=site.tags,
                opts=child_of(self, create_timeout="20m"),
            )

    def _credentials(self, name: str, args: KubernetesArgs) -> None:
        """Azure writes one credential of an identity at a time, so each waits for the one before it."""
        last: list[pulumi.Resource] = []
        for account in SERVICE_ACCOUNTS:
            made = managedidentity.FederatedIdentityCredential(
                f"{name}-{account.name}",
                resource_group_name=args.site.group,
                resource_name_=args.site.names.of("identity", account.identity),
                federated_identity_credential_resource_name=args.site.names.of(
                    "federated_credential", f"{account.namespace}-{account.name}"
                ),
                issuer=self.issuer,
                subject=account.subject,
                audiences=[AUDIENCE],
                opts=child_of(self, depends_on=last),
            )
            last = [made]


def _issuer(profile: aks.outputs.ManagedClusterOIDCIssuerProfileResponse | None) -> str:
    return profile.issuer_url if profile else ""


def _upgraded(settings: Settings, inputs: tuple[str, ...]) -> list[str] | None:
    """What Azure changes by itself where it upgrades the cluster."""
    return None if settings.upgrade_channel == "none" else list(inputs)


def _outbound(site: Site) -> str | None:
    way = site.settings.way_out(BY_KEY["kubernetes"])
    return OUTBOUND[way] if way else None


def _zones(site: Site) -> list[str] | None:
    """A pool in all zones, where the region has them: one that fails takes a third of the nodes."""
    return ["1", "2", "3"] if site.settings.region.zones else None


def _upgrades() -> aks.AgentPoolUpgradeSettingsArgs:
    return aks.AgentPoolUpgradeSettingsArgs(max_surge="1", drain_timeout_in_minutes=30)
