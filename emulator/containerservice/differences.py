"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No cluster runs: a cluster and its node pools are kept, with the names that Azure would give.",
)
