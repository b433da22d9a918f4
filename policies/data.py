"""What holds data that nobody can make again, by type, in the words of a review."""

from __future__ import annotations

from typing import Final

HOLDS: Final[dict[str, str]] = {
    "apimanagement:ApiManagementService": "its subscriptions with their keys, and its name for 48 hours",
    "containerregistry:Registry": "every image",
    "containerservice:ManagedCluster": "what runs in it, with its volumes",
    "dbforpostgresql:Database": "every row",
    "dbforpostgresql:Server": "every database",
    "databricks:Workspace": "its notebooks, jobs and tables",
    "documentdb:DatabaseAccount": "every database",
    "eventhub:Namespace": "the events that nobody has read yet",
    "keyvault:Key": "what the key sealed",
    "keyvault:Secret": "the secret with its versions",
    "keyvault:Vault": "every secret and key",
    "machinelearningservices:Workspace": "its models, jobs and records",
    "managedidentity:UserAssignedIdentity": "its principal id, and what was given to it elsewhere",
    "network:PublicIPAddress": "its address, wherever others have allow-listed it",
    "operationalinsights:Workspace": "every log",
    "applicationinsights:Component": "every metric, event and trace",
    "resources:ResourceGroup": "everything in it",
    "storage:BlobContainer": "every blob in it",
    "storage:FileShare": "every file in it",
    "storage:Queue": "the messages that nobody has read yet",
    "storage:StorageAccount": "every blob, file, queue and table",
    "storage:Table": "every row in it",
}
# Those that protection and locks are asked for: what would be lost for good, and not only be made anew.
PROTECTED: Final = frozenset(
    {
        "containerregistry:Registry",
        "dbforpostgresql:Server",
        "keyvault:Vault",
        "machinelearningservices:Workspace",
        "storage:StorageAccount",
    }
)
# Those whose own diagnostic setting is asked for. A storage account logs by sub-service.
DIAGNOSED: Final[dict[str, tuple[str, ...]]] = {
    "apimanagement:ApiManagementService": (),
    "containerregistry:Registry": (),
    "containerservice:ManagedCluster": (),
    "dbforpostgresql:Server": (),
    "keyvault:Vault": (),
    "machinelearningservices:Workspace": (),
    "storage:StorageAccount": ("storage:BlobServiceProperties",),
}
