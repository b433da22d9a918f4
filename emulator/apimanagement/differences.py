"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "No gateway answers: services and APIs are kept, policies are checked for what they name; keys and "
    "secret values come by `list…` alone.",
    "Deleting, restoring and purging a service takes no time; what is restored has new keys.",
    "Policies of the format `rawxml` are checked for named values only.",
)
