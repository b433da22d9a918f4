"""The service endpoint policy: which storage accounts a subnet's service endpoint leads to.

A security rule knows storage by region only (`Storage.westeurope`), that is everybody's accounts: a job could
write what it read to one of its author's own. With the policy, the subnet's storage traffic reaches the
accounts of the estate's resource group, those that Azure ML keeps for its nodes, and the data lake that rows
are pushed to (`retraining.pushTo`). It needs the service endpoint, in a private estate too; private endpoints
pass it by.
From "Azure Machine Learning data exfiltration prevention" (read 2026-11).
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.components.site import Site, child_of


@dataclass(frozen=True, slots=True)
class StoragePolicyArgs:
    site: Site


class StoragePolicy(pulumi.ComponentResource):
    """id."""

    def __init__(
        self, name: str, args: StoragePolicyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:StoragePolicy", name, None, opts)
        site = args.site
        # The group and not its accounts: their firewalls name the subnets, which name this policy.
        group = pulumi.Output.concat("/subscriptions/", site.subscription_id, "/resourceGroups/", site.group)
        policy = network.ServiceEndpointPolicy(
            name,
            resource_group_name=site.group,
            service_endpoint_policy_name=site.names.of("storage_policy"),
            location=site.location,
            service_endpoint_policy_definitions=[
                network.ServiceEndpointPolicyDefinitionArgs(
                    name="estate",
                    description="the storage accounts of the estate's resource group",
                    service="Microsoft.Storage",
                    service_resources=[group],
                ),
                *_pushed_to(site),
                network.ServiceEndpointPolicyDefinitionArgs(
                    name="azure-ml",
                    description="the accounts that Azure ML's nodes start from",
                    service="Global",
                    service_resources=["/services/Azure/MachineLearning"],
                ),
            ],
            tags=site.tags,
            opts=child_of(self),
        )
        self.id = policy.id
        self.register_outputs({"id": policy.id})


def _pushed_to(site: Site) -> list[network.ServiceEndpointPolicyDefinitionArgs]:
    """The one account of others that training reaches: rows are pushed there by a role that only adds.

    None where a private endpoint leads to it, which a policy does not ask.
    """
    retraining = site.settings.retraining
    if retraining is None or retraining.push_to is None or retraining.push_endpoint is not None:
        return []
    return [
        network.ServiceEndpointPolicyDefinitionArgs(
            name="landing",
            description="the data lake of the environment that trains",
            service="Microsoft.Storage",
            service_resources=[retraining.push_to],
        )
    ]
