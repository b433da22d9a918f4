"""A virtual machine with its interface, public address and a data disk."""

import base64

import pulumi
from pulumi_azure_native import compute, network, resources

config = pulumi.Config()
group = resources.ResourceGroup("machine")
net = network.VirtualNetwork(
    "net",
    resource_group_name=group.name,
    address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
    subnets=[network.SubnetArgs(name="default", address_prefix="10.0.1.0/24")],
)
address = network.PublicIPAddress(
    "address", resource_group_name=group.name, public_ip_allocation_method=network.IPAllocationMethod.STATIC
)
interface = network.NetworkInterface(
    "interface",
    resource_group_name=group.name,
    ip_configurations=[
        network.NetworkInterfaceIPConfigurationArgs(
            name="first",
            subnet=network.SubnetArgs(id=net.subnets[0].id),
            private_ip_allocation_method=network.IPAllocationMethod.DYNAMIC,
            public_ip_address=network.PublicIPAddressArgs(id=address.id),
        )
    ],
)
disk = compute.Disk(
    "disk",
    resource_group_name=group.name,
    disk_size_gb=config.get_int("disk") or 64,
    creation_data=compute.CreationDataArgs(create_option=compute.DiskCreateOption.EMPTY),
    sku=compute.DiskSkuArgs(name=compute.DiskStorageAccountTypes.STANDARD_SS_D_LRS),
)
machine = compute.VirtualMachine(
    "machine",
    resource_group_name=group.name,
    hardware_profile=compute.HardwareProfileArgs(vm_size="Standard_B2s"),
    network_profile=compute.NetworkProfileArgs(
        network_interfaces=[compute.NetworkInterfaceReferenceArgs(id=interface.id, primary=True)]
    ),
    os_profile=compute.OSProfileArgs(
        computer_name="machine",
        admin_username="operator",
        admin_password=config.require_secret("password"),
        custom_data=base64.b64encode(b"#!/bin/sh\necho up\n").decode(),
        linux_configuration=compute.LinuxConfigurationArgs(disable_password_authentication=False),
    ),
    storage_profile=compute.StorageProfileArgs(
        image_reference=compute.ImageReferenceArgs(
            publisher="canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
        ),
        os_disk=compute.OSDiskArgs(
            name="system",
            create_option=compute.DiskCreateOptionTypes.FROM_IMAGE,
            delete_option=compute.DiskDeleteOptionTypes.DELETE,
        ),
        data_disks=[
            compute.DataDiskArgs(
                lun=0,
                create_option=compute.DiskCreateOptionTypes.ATTACH,
                managed_disk=compute.ManagedDiskParametersArgs(id=disk.id),
            )
        ],
    ),
)
found = network.get_public_ip_address_output(
    public_ip_address_name=address.name, resource_group_name=group.name
)

pulumi.export("public", found.ip_address)
pulumi.export(
    "private", interface.ip_configurations.apply(lambda all_: all_[0].private_ip_address if all_ else None)
)
pulumi.export("id", net.id)
