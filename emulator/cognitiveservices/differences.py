"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = ("No model answers: accounts and deployments are kept, with their keys.",)
