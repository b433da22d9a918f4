"""A training cluster: nodes in the estate's own network, none of them while nothing is to be trained."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.components.identities import Identity
from infra.components.network import Network
from infra.components.site import Site, child_of
from infra.components.workspace import Workspace
from infra.config_compute import Compute as ComputeSettings

CREATION_ONLY: Final = (
    "osType",
    "vmSize",
    "vmPriority",
    "subnet",
    "enableNodePublicIp",
    "remoteLoginPortPublicAccess",
)


@dataclass(frozen=True, slots=True)
class ComputeArgs:
    """identity: what the jobs on the cluster sign in as. key: the first part of the cluster's name."""

    site: Site
    key: str
    settings: ComputeSettings
    identity: Identity
    workspace: Workspace
    network: Network


class Compute(pulumi.ComponentResource):
    """cluster_name, id.

    The nodes are in a subnet of the estate and not in Azure ML's managed network. So their traffic passes the
    estate's security group, leaves by its one way out, and shares its private endpoints. A managed network
    cannot be undone, and its rules for host names need a firewall that costs money.
    """

    def __init__(self, name: str, args: ComputeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:learning:Compute", name, None, opts)
        site, settings = args.site, args.settings
        cluster = ml.Compute(
            name,
            resource_group_name=site.group,
            workspace_name=args.workspace.workspace_name,
            compute_name=site.names.of("compute_cluster", args.key),
            location=site.location,
            identity=ml.ManagedServiceIdentityArgs(
                type="UserAssigned", user_assigned_identities=[args.identity.id]
            ),
            properties=ml.AmlComputeArgs(
                compute_type="AmlCompute",
                compute_location=site.location,
                disable_local_auth=True,
                properties=ml.AmlComputePropertiesArgs(
                    os_type="Linux",
                    vm_size=settings.vm_size,
                    vm_priority=settings.priority,
                    scale_settings=ml.ScaleSettingsArgs(
                        min_node_count=0,
                        max_node_count=settings.max_nodes,
                        node_idle_time_before_scale_down=f"PT{settings.idle_minutes}M",
                    ),
                    subnet=ml.ResourceIdArgs(id=args.network.subnet_ids["training"]),
                    enable_node_public_ip=False,
                    remote_login_port_public_access="Disabled",
                ),
            ),
            tags=site.tags,
            opts=child_of(
                self,
                create_timeout="30m",
                fixed=[f"properties.properties.{name}" for name in CREATION_ONLY],
                hooks=site.late_grants,
            ),
        )
        self.cluster_name = cluster.name
        self.id = cluster.id
        self.register_outputs({"id": cluster.id})
