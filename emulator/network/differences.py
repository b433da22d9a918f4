"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No packet passes through a network. Who reaches a service follows from endpoints, zones, links, "
    "peerings, security groups and ways out; what stands in no network reaches no private address.",
    "Names are resolved for private endpoints alone: records that a program puts into a zone for another "
    "name are kept.",
    "A caller outside comes from 203.0.113.10 unless it says where it stands.",
    "Public addresses are from 198.18.0.0/15.",
)
