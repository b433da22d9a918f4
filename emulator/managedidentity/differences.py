"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Federated credentials take tokens of the emulated clusters and of GitHub (`emulator run --workflow`); "
    "those of other issuers are kept, and open nothing.",
)
