"""Wrong names, SKUs, roles, sizes and tags that only Azure's rules know, and ARM's words for them."""

from __future__ import annotations

from tests.e2e.bad_bodies import (
    CLUSTERS,
    GRANTS,
    GROUP,
    GROUPS,
    NETWORK,
    NEW,
    REGION,
    REGISTRIES,
    STORAGE,
    VAULTS,
    WORKSPACE,
    Refused,
    account,
    cluster,
    compute,
    containers,
    grant,
    vault,
)

RESOURCES: tuple[Refused, ...] = (
    Refused(
        "a storage name with capitals",
        f"{STORAGE}/MyStore",
        account(),
        400,
        "InvalidResourceName",
        (
            "{group}/providers/Microsoft.Storage/storageAccounts/MyStore: the name 'MyStore' is "
            "not a valid name here: lower-case letters and digits only."
        ),
    ),
    Refused(
        "a reserved word as a vault's name",
        f"{VAULTS}/kv-windows-one",
        vault(),
        400,
        "ReservedResourceName",
        ("The resource name 'kv-windows-one' or a part of the name is a trademarked or reserved word."),
    ),
    Refused(
        "a name that somebody has",
        "{subscription}/resourceGroups/rg-other/providers/Microsoft.Storage/storageAccounts/stmltests",
        account(),
        409,
        "StorageAccountAlreadyTaken",
        ("The name 'stmltests' is already taken ({account}); it must be unique in all of Azure."),
    ),
    Refused(
        "a registry's name with a hyphen",
        f"{REGISTRIES}/acr-one",
        {"location": REGION, "sku": {"name": "Basic"}},
        400,
        "InvalidResourceName",
        (
            "{group}/providers/Microsoft.ContainerRegistry/registries/acr-one: the name 'acr-one'"
            " is not a valid name here: letters and digits only."
        ),
    ),
    Refused(
        "redundancy that the region has not",
        f"{STORAGE}/stnew",
        account(location="westus", sku={"name": "Standard_ZRS"}),
        400,
        "RedundancyConfigurationNotAvailableInRegion",
        (
            "Storage account stnew: the redundancy Standard_ZRS is not available in region "
            "westus: it has no availability zones."
        ),
    ),
    Refused(
        "a kind and a SKU that do not go together",
        f"{STORAGE}/stnew",
        account(kind="BlockBlobStorage"),
        400,
        "InvalidAccountKindForSku",
        (
            "Storage account stnew: the kind BlockBlobStorage does not go with the SKU "
            "Standard_LRS; it goes with Premium_LRS, Premium_ZRS."
        ),
    ),
    Refused(
        "a SKU that does not exist",
        f"{STORAGE}/stnew",
        account(sku={"name": "Standard_XRS"}),
        400,
        "InvalidAccountType",
        (
            "The AccountType Standard_XRS of storage account stnew is invalid (sku.name). The "
            "SKUs are: Standard_LRS, Standard_ZRS, Standard_GRS, Standard_RAGRS, Standard_GZRS, "
            "Standard_RAGZRS, Premium_LRS, Premium_ZRS, StandardV2_LRS, StandardV2_ZRS, "
            "StandardV2_GRS, StandardV2_GZRS, PremiumV2_LRS, PremiumV2_ZRS."
        ),
    ),
    Refused(
        "a Premium feature in a Basic registry",
        f"{REGISTRIES}/acrone",
        {"location": REGION, "sku": {"name": "Basic"}, "properties": {"publicNetworkAccess": "Disabled"}},
        400,
        "SkuNotSupported",
        "Registry 'acrone': publicNetworkAccess not supported for the SKU Basic; use Premium.",
    ),
    Refused(
        "a vault's retention out of range",
        f"{VAULTS}/kv-new-one",
        vault(softDeleteRetentionInDays=5),
        400,
        "VaultPropertyNotAllowed",
        ("properties.softDeleteRetentionInDays of vault kv-new-one is 5; 7 to 90 days are allowed."),
    ),
    Refused(
        "soft delete switched off",
        f"{VAULTS}/kv-new-one",
        vault(enableSoftDelete=False),
        400,
        "VaultPropertyNotAllowed",
        (
            "properties.enableSoftDelete of vault kv-new-one is False; soft delete can no longer "
            "be switched off."
        ),
    ),
    Refused(
        "a role that does not exist",
        f"{GRANTS}/{NEW}",
        grant(role="11111111-2222-3333-4444-555555555555"),
        404,
        "RoleDefinitionDoesNotExist",
        ("The specified role definition with ID '11111111-2222-3333-4444-555555555555' does not exist."),
    ),
    Refused(
        "a role assignment that exists",
        f"{GRANTS}/{NEW}",
        grant(),
        409,
        "RoleAssignmentExists",
        (
            "The role assignment already exists. The ID of the conflicting role assignment is "
            "5f0e7a52000040008000000000000001."
        ),
    ),
    Refused(
        "a role for nobody",
        f"{GRANTS}/{NEW}",
        grant(who="99999999-2222-3333-4444-555555555555"),
        400,
        "PrincipalNotFound",
        "Principal 99999999-2222-3333-4444-555555555555 does not exist in the directory.",
    ),
    Refused(
        "a principal of another type",
        f"{GRANTS}/{NEW}",
        grant(role="2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", kind="ServicePrincipal"),
        400,
        "UnmatchedPrincipalType",
        (
            "The PrincipalId '{engineers}' has type 'Group', which is different from specified "
            "PrincipalType 'ServicePrincipal'."
        ),
    ),
    Refused(
        "a role assignment without a UUID",
        f"{GRANTS}/reader",
        grant(),
        400,
        "InvalidResourceName",
        (
            "{account}/providers/Microsoft.Authorization/roleAssignments/reader: the name "
            "'reader' has 6 characters, 36 to 36 are allowed."
        ),
    ),
    Refused(
        "a VM size that does not exist",
        f"{WORKSPACE}/computes/new",
        compute(vmSize="Standard_DS3_v22"),
        400,
        "ValidationError",
        (
            "Compute 'new': vmSize is 'Standard_DS3_v22'; Azure has no VM size of that name; did "
            "you mean 'Standard_DS3_v2'."
        ),
    ),
    Refused(
        "more nodes at least than at most",
        f"{WORKSPACE}/computes/new",
        compute(scaleSettings={"minNodeCount": 3, "maxNodeCount": 2}),
        400,
        "ValidationError",
        ("Compute 'new': scaleSettings.minNodeCount is 3; it must be between 0 and maxNodeCount (2)."),
    ),
    Refused(
        "a VM size that AKS does not have",
        f"{CLUSTERS}/aks",
        cluster({"vmSize": "Standard_D4s_v55"}),
        400,
        "BadRequest",
        (
            "Node pool main: the VM size of Standard_D4s_v55 is not allowed in your subscription "
            "in location 'westeurope': Azure has no size of that name; did you mean "
            "'Standard_D4s_v5'?"
        ),
    ),
    Refused(
        "a DNS service outside of its range",
        f"{CLUSTERS}/aks",
        cluster(serviceCidr="172.16.0.0/16", dnsServiceIP="10.0.0.10"),
        400,
        "InvalidParameter",
        (
            "The DNS service IP 10.0.0.10 is not in the service CIDR 172.16.0.0/16 "
            "(networkProfile.dnsServiceIP)."
        ),
    ),
    Refused(
        "services on the range of a subnet",
        f"{CLUSTERS}/aks",
        cluster(
            {"vnetSubnetID": NETWORK + "/virtualNetworks/vnet-a/subnets/a"},
            serviceCidr="10.9.0.0/16",
            dnsServiceIP="10.9.0.10",
        ),
        400,
        "ServiceCidrOverlapExistingSubnetsCidr",
        ("The specified service CIDR 10.9.0.0/16 is conflicted with an existing subnet CIDR 10.9.0.0/24."),
    ),
    Refused(
        "more CPU than a container group gets",
        f"{GROUPS}/c",
        containers(cpu=8),
        400,
        "ResourceRequestsNotAvailable",
        "container group 'c' asks for 8 CPU and 1 GB; at most 4 and 16 are to be had.",
    ),
    Refused(
        "more memory than a container group gets",
        f"{GROUPS}/c",
        containers(mem=64),
        400,
        "ResourceRequestsNotAvailable",
        "container group 'c' asks for 1 CPU and 64 GB; at most 4 and 16 are to be had.",
    ),
    Refused(
        "a DNS label that is too short",
        f"{GROUPS}/c",
        containers(label="abc"),
        400,
        "InvalidDnsNameLabel",
        "dnsNameLabel 'abc': 5 to 63 lower-case letters, digits, hyphens.",
    ),
    Refused(
        "a tag name with a slash",
        f"{STORAGE}/stnew",
        account(tags={"a/b": "c"}),
        400,
        "InvalidTagNameCharacters",
        "The tag names 'a/b' have reserved characters '<,>,%,&,\\,?,/' or control characters.",
    ),
    Refused(
        "51 tags",
        f"{STORAGE}/stnew",
        account(tags={f"t{i}": "" for i in range(51)}),
        400,
        "TooManyTags",
        "The resource has 51 tags. The maximum number of tags allowed is 50.",
    ),
    Refused(
        "a type without a row in the catalog",
        f"{GROUP}/providers/Microsoft.Quantum/workspaces/q",
        {"location": REGION},
        501,
        "NotEmulated",
        "Not emulated: resource type Microsoft.Quantum/workspaces.",
    ),
)
