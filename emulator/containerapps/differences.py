"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No container runs: environments, apps and jobs are kept, with the host names that Azure would give.",
)
