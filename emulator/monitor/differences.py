"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Telemetry is there at once, without sampling at ingestion.",
    "Telemetry outlives its component, and goes with its workspace: aside for 14 days, at once with `force`. "
    "Retention periods are kept without effect, and a sender is told when the workspace is gone.",
    "Diagnostic settings are kept, but no service writes platform logs.",
    "Alert rules are kept and never fire.",
    "The activity log has deletions, and nothing else.",
)
