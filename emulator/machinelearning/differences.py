"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "A job runs as a process of this machine, on one node, whatever the VM size is.",
    "Nodes of a cluster come and go at once; quotas are not counted.",
)
