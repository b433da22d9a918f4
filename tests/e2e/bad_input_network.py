"""Wrong regions, networks and addresses that only Azure's rules know, and ARM's words for them."""

from __future__ import annotations

from tests.e2e.bad_bodies import (
    NETWORK,
    STORAGE,
    Refused,
    account,
    address,
    network,
    rule,
)

NETWORKS: tuple[Refused, ...] = (
    Refused(
        "a region that does not exist",
        f"{STORAGE}/stnew",
        account(location="westeurop"),
        400,
        "LocationNotAvailableForResourceType",
        (
            "The provided location 'westeurop' is not available for resource type "
            "'Microsoft.Storage/storageAccounts'. Did you mean 'westeurope'? List of available "
            "regions is '{regions}'."
        ),
    ),
    Refused(
        "a resource group in no region",
        "{subscription}/resourceGroups/rg-new",
        {"location": "Middle Earth"},
        400,
        "LocationNotAvailableForResourceGroup",
        (
            "The provided location 'middleearth' is not available for resource group. List of "
            "available regions is '{regions}'."
        ),
    ),
    Refused(
        "'global' for what stands in a region",
        f"{STORAGE}/stnew",
        account(location="global"),
        400,
        "LocationNotAvailableForResourceType",
        (
            "The provided location 'global' is not available for resource type "
            "'Microsoft.Storage/storageAccounts'. List of available regions is '{regions}'."
        ),
    ),
    Refused(
        "another region for what exists",
        "{account}",
        account(location="northeurope"),
        409,
        "InvalidResourceLocation",
        (
            "The resource 'stmltests' already exists in location 'westeurope'. A resource with "
            "the same name cannot be created in location 'northeurope'."
        ),
    ),
    Refused(
        "an address space that is not aligned",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.1/16"]),
        400,
        "InvalidCIDRNotation",
        (
            "The address prefix 10.0.0.1/16 in resource 'v' has an invalid CIDR notation. For the"
            " given prefix length, the address prefix should be 10.0.0.0/16."
        ),
    ),
    Refused(
        "an address space that is no CIDR",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0/16"]),
        400,
        "InvalidAddressPrefixFormat",
        (
            "Address prefix 10.0.0/16 for resource 'v' is not formatted correctly. It should "
            "follow CIDR notation, for example 10.0.0.0/24."
        ),
    ),
    Refused(
        "two address prefixes that overlap",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.0/16", "10.0.1.0/24"]),
        400,
        "AddressSpaceContainsOverlappingPrefixes",
        "Virtual network 'v': address prefixes 10.0.0.0/16 and 10.0.1.0/24 overlap.",
    ),
    Refused(
        "subnets that overlap",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.0/16"], ("a", "10.0.0.0/24"), ("b", "10.0.0.128/25")),
        400,
        "NetcfgSubnetRangesOverlap",
        (
            "Subnet 'b' (10.0.0.128/25) is not valid because its IP address range overlaps with "
            "that of an existing subnet 'a' in virtual network 'v'."
        ),
    ),
    Refused(
        "a subnet outside of its network",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.0/16"], ("a", "10.1.0.0/24")),
        400,
        "NetcfgInvalidSubnet",
        "Subnet 'a' (10.1.0.0/24) is not valid in virtual network 'v' (10.0.0.0/16).",
    ),
    Refused(
        "a subnet smaller than Azure makes",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.0/16"], ("a", "10.0.0.0/30")),
        400,
        "NetcfgInvalidSubnet",
        "Subnet 'a' (10.0.0.0/30) is smaller than /29.",
    ),
    Refused(
        "a subnet too small for Azure Bastion",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.0/16"], ("AzureBastionSubnet", "10.0.0.0/27")),
        400,
        "NetcfgSubnetTooSmall",
        (
            "Subnet 'AzureBastionSubnet' (10.0.0.0/27) is too small for Azure Bastion: it needs a"
            " /26 or larger."
        ),
    ),
    Refused(
        "a subnet too small for its delegation",
        f"{NETWORK}/virtualNetworks/v",
        network(["10.0.0.0/16"], ("a", "10.0.0.0/28", "Microsoft.App/environments")),
        400,
        "NetcfgSubnetTooSmall",
        ("Subnet 'a' (10.0.0.0/28) is too small for microsoft.app/environments: it needs a /27 or larger."),
    ),
    Refused(
        "a peering of networks that overlap",
        f"{NETWORK}/virtualNetworks/vnet-a/virtualNetworkPeerings/p",
        {"properties": {"remoteVirtualNetwork": {"id": NETWORK + "/virtualNetworks/vnet-b"}}},
        400,
        "VnetAddressSpacesOverlap",
        (
            "Cannot create or update peering "
            "{group}/providers/Microsoft.Network/virtualNetworks/vnet-a/virtualNetworkPeerings/p."
            " Virtual networks {group}/providers/Microsoft.Network/virtualNetworks/vnet-a and "
            "{group}/providers/Microsoft.Network/virtualNetworks/vnet-b cannot be peered because "
            "their address spaces overlap. Overlapping address prefixes: 10.9.0.0/16"
        ),
    ),
    Refused(
        "an id of another type in a reference",
        f"{NETWORK}/virtualNetworks/vnet-a/subnets/s",
        {
            "properties": {
                "addressPrefix": "10.9.1.0/24",
                "networkSecurityGroup": {"id": NETWORK + "/virtualNetworks/vnet-b"},
            }
        },
        400,
        "InvalidRequestFormat",
        (
            "Cannot parse the request. | InvalidJsonReferenceWrongType: Reference Id "
            "{group}/providers/Microsoft.Network/virtualNetworks/vnet-b is referencing resource "
            "of a wrong type. The Id is expected to reference resources of type "
            "networkSecurityGroups. Path Properties.networkSecurityGroup."
        ),
    ),
    Refused(
        "a reference to what does not exist",
        f"{NETWORK}/virtualNetworks/vnet-a/subnets/s",
        {
            "properties": {
                "addressPrefix": "10.9.1.0/24",
                "networkSecurityGroup": {"id": NETWORK + "/networkSecurityGroups/none"},
            }
        },
        400,
        "InvalidResourceReference",
        (
            "Resource {group}/providers/Microsoft.Network/networkSecurityGroups/none referenced "
            "by resource {group}/providers/Microsoft.Network/virtualNetworks/vnet-a/subnets/s was"
            " not found (properties.networkSecurityGroup.id). Please make sure that the "
            "referenced resource exists."
        ),
    ),
    Refused(
        "a subnet of a network that does not exist",
        f"{NETWORK}/virtualNetworks/none/subnets/s",
        {"properties": {"addressPrefix": "10.9.1.0/24"}},
        404,
        "ParentResourceNotFound",
        (
            "Failed to perform 'write' on resource(s) of type 'virtualNetworks/subnets', because "
            "the parent resource '{group}/providers/Microsoft.Network/virtualNetworks/none' could"
            " not be found."
        ),
    ),
    Refused(
        "a port above 65535",
        f"{NETWORK}/networkSecurityGroups/n",
        rule(destinationPortRange="70000"),
        400,
        "SecurityRuleInvalidPortRange",
        (
            "Security rule 'r' has invalid Port range. Value provided: 70000. Value should be an "
            "integer OR integer range with '-' delimiter. Valid range 0-65535."
        ),
    ),
    Refused(
        "a priority out of range",
        f"{NETWORK}/networkSecurityGroups/n",
        rule(priority=5000),
        400,
        "SecurityRuleInvalidPriority",
        "Security rule 'r' has invalid priority 5000. It must be between 100 and 4096.",
    ),
    Refused(
        "an address prefix with too long a mask",
        f"{NETWORK}/networkSecurityGroups/n",
        rule(sourceAddressPrefix="10.0.0.0/40"),
        400,
        "SecurityRuleInvalidAddressPrefix",
        "Security rule 'r' has invalid Address prefix. Value provided: 10.0.0.0/40.",
    ),
    Refused(
        "a DNS label that begins with a digit",
        f"{NETWORK}/publicIPAddresses/i",
        address("9lives"),
        400,
        "InvalidDomainNameLabel",
        (
            "The domain name label 9lives is invalid. It must conform to the following regular "
            "expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$."
        ),
    ),
    Refused(
        "a DNS label with a reserved word",
        f"{NETWORK}/publicIPAddresses/i",
        address("my-microsoft-app"),
        400,
        "DomainNameLabelReserved",
        "The domain name label my-microsoft-app is reserved or has a reserved word in it.",
    ),
)
