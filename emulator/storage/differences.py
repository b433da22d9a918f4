"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Soft delete, versioning, change feed and encryption settings are kept without effect.",
    "Retention holds against the deletion of a container and its account, not against writes of blobs.",
    "Copies between accounts are done at once; there is no replication and no delay.",
    "A request has at most 256 MiB, held in memory; Azure takes blocks of 4,000 MiB.",
    "Containers have no public access and no stored access policies.",
)
