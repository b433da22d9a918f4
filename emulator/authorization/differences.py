"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Role assignments hold at once; Azure takes minutes.",
    "A condition on the roles to be handed out holds for assignments that are written, not for removals.",
    "Policies are kept and not evaluated.",
)
