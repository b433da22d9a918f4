"""A Kubernetes cluster: the pool of its own body, and two more as resources of their own."""

import pulumi
from pulumi_azure_native import containerservice, network, resources

config = pulumi.Config()
nodes = config.get_int("nodes") or 2
group = resources.ResourceGroup("clusters")
net = network.VirtualNetwork(
    "net",
    resource_group_name=group.name,
    address_space={"address_prefixes": ["10.40.0.0/16"]},
    subnets=[network.SubnetArgs(name="nodes", address_prefix="10.40.0.0/20")],
)
subnet = net.subnets.apply(lambda subnets: subnets[0].id if subnets else None)

cluster = containerservice.ManagedCluster(
    "cluster",
    resource_group_name=group.name,
    dns_prefix=group.name,
    enable_rbac=True,
    identity=containerservice.ManagedClusterIdentityArgs(
        type=containerservice.ResourceIdentityType.SYSTEM_ASSIGNED
    ),
    agent_pool_profiles=[
        {
            "name": "system",
            "mode": "System",
            "count": nodes,
            "vm_size": "Standard_D2s_v5",
            "os_type": "Linux",
            "type": "VirtualMachineScaleSets",
            "vnet_subnet_id": subnet,
        }
    ],
    network_profile=containerservice.ContainerServiceNetworkProfileArgs(
        network_plugin="azure", service_cidr="10.60.0.0/16", dns_service_ip="10.60.0.10"
    ),
)
for name, size in {"work": "Standard_D4s_v5", "memory": "Standard_E4s_v5"}.items():
    containerservice.AgentPool(
        name,
        agent_pool_name=name,
        resource_group_name=group.name,
        resource_name_=cluster.name,
        count=nodes,
        vm_size=size,
        mode="User",
        vnet_subnet_id=subnet,
    )

pulumi.export("fqdn", cluster.fqdn)
pulumi.export("id", net.id)
