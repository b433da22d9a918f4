"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No packet passes through a network: security groups, routes and gateways are checked and kept.",
    "A private endpoint has no address and no interface, and its zone group writes no records.",
    "Public addresses are from 198.18.0.0/15.",
)
