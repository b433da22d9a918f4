"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = ("Federated credentials are kept, and no token is exchanged for them.",)
