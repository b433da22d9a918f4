"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Gateways run the policies of docs/emulator/gateway.md, and refuse every other by name; portal, "
    "management API, self-hosted gateways and workspaces do not answer. Keys and secret values come by "
    "`list…` alone.",
    "Deleting, restoring and purging a service takes no time; what is restored has new keys.",
    "Policies of the format `rawxml` are checked for named values only.",
)
