"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = ("No database or cache runs: they are kept, with names and keys.",)
