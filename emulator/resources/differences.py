"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Every resource provider is registered until it is unregistered, and every type can stand in every "
    "public region.",
    "Of Microsoft.Features, EncryptionAtHost is known, and registered until it is unregistered, at once.",
    "Operations end before the answer: there is nothing to wait for.",
    "Error texts are Azure's where they are known; codes and statuses are what clients depend on.",
    "VM sizes, regions and reserved words are tables of this repository: new ones have to be added.",
)
