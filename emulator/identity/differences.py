"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "One tenant with two subscriptions, one signed-in service principal, four people and two groups. Managed "
    "identities join groups by Graph's `members/$ref`, as the signed-in principal says; people do not.",
    "Tokens are signed with a key of this home; people sign in by name and password (`emulator run --as`), "
    "without a second factor.",
)
