"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Soft delete, versioning, change feed and encryption settings are kept without effect.",
    "In a data lake a write over a file leaves its owner and list as they are; recursive changes of lists, "
    "SAS of directories, leases of the dfs endpoint, and names of people in lists are refused by name.",
    "Leases are of blobs, and end with the daemon; those of containers, and their ids with reads, are "
    "refused by name.",
    "A write-once container lets a file of the dfs endpoint be filled once.",
    "Copies between accounts are done at once; there is no replication and no delay.",
    "A request has at most 256 MiB, held in memory; Azure takes blocks of 4,000 MiB.",
    "Queues are deleted at once, have no stored access policies and no user delegation signatures, and give "
    "messages in the order in which they can be seen.",
    "Containers have no public access and no stored access policies.",
)
