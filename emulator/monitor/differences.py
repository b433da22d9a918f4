"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Telemetry is there at once, without sampling at ingestion.",
    "Diagnostic settings are kept, but no service writes platform logs.",
    "Alert rules are kept and never fire.",
)
