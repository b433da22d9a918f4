"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Builds run on this machine, whatever the agent pool is.",
    "There is no registry API: images are built, imported and run, not pushed or pulled.",
)
