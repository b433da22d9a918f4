"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Gateways run the policies of docs/emulator/gateway.md, and refuse every other by name; portal, "
    "management API, self-hosted gateways and workspaces do not answer. Keys and secret values come by "
    "`list…` alone.",
    "Deleting, restoring and purging a service takes no time; what is restored has new keys.",
    "Policies and their C# are checked when they are put, more strictly than Azure does: what neither the "
    "table of docs/emulator/policies.md nor the documented types know is refused by name. Named values are "
    "put in as text, those of secrets when a request comes.",
    "An expression is stopped after 2 s, 500,000 steps or 64 million characters; Azure's own limits are not "
    "known.",
)
