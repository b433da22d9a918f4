"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Builds run on this machine, whatever the agent pool is.",
    "A cache rule fetches the public Python image only, and takes any digest for this machine's Python.",
    "Of the registry API there is what tells whether an image is there, and what deletes one. Images are "
    "built, imported and run, not pushed or pulled.",
    "The registry API takes no notice of network rules.",
)
