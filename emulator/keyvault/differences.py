"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Network rules are kept without effect.",
    "Deleting and recovering a vault takes no time.",
)
