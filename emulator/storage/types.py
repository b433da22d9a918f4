"""The types of Microsoft.Storage: accounts, and what stands in them.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

ACCOUNT: Final = "Microsoft.Storage/storageAccounts/{accountName}"
CONTAINER: Final = NameRule(
    3,
    63,
    r"(?:\$root|\$web|[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9])",
    "lower-case letters, digits and single hyphens",
)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(ACCOUNT, "storage:StorageAccount",
        name=NameRule(3, 24, r"[a-z0-9]+", "lower-case letters and digits only"), unique="global"),
    Row(f"{ACCOUNT}/blobServices/{{blobServicesName}}", "storage:BlobServiceProperties",
        presence="with_parent"),
    Row(f"{ACCOUNT}/blobServices/default/containers/{{containerName}}", "storage:BlobContainer",
        name=CONTAINER),
    Row(f"{ACCOUNT}/blobServices/default/containers/{{containerName}}/immutabilityPolicies/"
        "{immutabilityPolicyName}", "storage:BlobContainerImmutabilityPolicy"),
    Row(f"{ACCOUNT}/fileServices/{{fileServicesName}}", "storage:FileServiceProperties",
        presence="with_parent"),
    Row(f"{ACCOUNT}/fileServices/default/shares/{{shareName}}", "storage:FileShare", name=CONTAINER),
    Row(f"{ACCOUNT}/queueServices/{{queueServiceName}}", "storage:QueueServiceProperties",
        presence="with_parent"),
    Row(f"{ACCOUNT}/queueServices/default/queues/{{queueName}}", "storage:Queue", name=CONTAINER),
    Row(f"{ACCOUNT}/tableServices/{{tableServiceName}}", "storage:TableServiceProperties",
        presence="with_parent"),
    Row(f"{ACCOUNT}/tableServices/default/tables/{{tableName}}", "storage:Table",
        name=NameRule(3, 63, r"[A-Za-z][A-Za-z0-9]*", "letters and digits, a letter first")),
    Row(f"{ACCOUNT}/staticWebsite", "storage:StorageAccountStaticWebsite", plane="blob"),
    Row(f"{ACCOUNT}/blobServices/default/containers/{{containerName}}/blobs/{{blobName}}", "storage:Blob",
        plane="blob"),
    Row(f"{ACCOUNT}/managementPolicies/{{managementPolicyName}}", "storage:ManagementPolicy"),
    Row(f"{ACCOUNT}/encryptionScopes/{{encryptionScopeName}}", "storage:EncryptionScope"),
)
# fmt: on
