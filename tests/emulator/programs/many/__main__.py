"""As many resources as asked for, of several types, with references between them."""

import pulumi

from infra import narrow_imports

narrow_imports.install()  # the SDK's own import, of all of network, would be half of the CPU of a run

from pulumi_azure_native import managedidentity, network, resources, storage  # noqa: E402

COUNT = pulumi.Config().require_int("count")
group = resources.ResourceGroup("many")
accounts = [
    storage.StorageAccount(
        f"acct{number}",
        resource_group_name=group.name,
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
    )
    for number in range(max(1, COUNT // 50))
]
net = network.VirtualNetwork(
    "net", resource_group_name=group.name, address_space={"address_prefixes": ["10.0.0.0/16"]}
)
subnet = network.Subnet(
    "all", resource_group_name=group.name, virtual_network_name=net.name, address_prefix="10.0.0.0/20"
)
for number in range(COUNT - len(accounts) - 3):
    match number % 4:
        case 0:
            managedidentity.UserAssignedIdentity(f"identity{number}", resource_group_name=group.name)
        case 1:
            network.PublicIPAddress(
                f"address{number}",
                resource_group_name=group.name,
                sku={"name": "Standard"},
                public_ip_allocation_method="Static",
            )
        case 2:
            network.NetworkInterface(
                f"interface{number}",
                resource_group_name=group.name,
                ip_configurations=[
                    network.NetworkInterfaceIPConfigurationArgs(
                        name="first", subnet=network.SubnetArgs(id=subnet.id)
                    )
                ],
            )
        case _:
            storage.BlobContainer(
                f"container{number}",
                resource_group_name=group.name,
                account_name=accounts[number % len(accounts)].name,
            )

pulumi.export("id", net.id)
