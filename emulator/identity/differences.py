"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "One tenant with two subscriptions, one signed-in principal and one group.",
    "Tokens are signed with a key of this home; there are no interactive sign-ins.",
)
