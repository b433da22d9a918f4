"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Network rules hold for secrets over HTTP; the trusted-services bypass is for nobody here.",
    "Keys exist and have addresses; nothing is encrypted, wrapped or signed with them.",
    "Deleting and recovering a vault takes no time.",
)
