"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Limits are one table for every subscription and region; `python -m emulator limit NAME=NUMBER` changes "
    "one.",
    "Every size of a virtual machine is offered in every region, in all of its zones.",
)
