"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No machine runs: virtual machines, scale sets and disks are kept, with what Azure would compute. The "
    "machines of a scale set are no resources, and are neither listed, started nor reimaged.",
)
