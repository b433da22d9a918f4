"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Node pools are kept; no machine runs for them. What a cluster itself answers: see kubernetes.",
)
