"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No page is served, and no app runs but function apps (emulator/functions): other plans and apps are "
    "kept, with the host names that Azure would give.",
)
