"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Telemetry is there at once for `python -m emulator telemetry`, and for queries after a second "
    "(`faults --lag` adds to it); there is no sampling at ingestion.",
    "Queries know a part of KQL, and refuse the rest by name (docs/emulator/queries.md). `dcount` is exact, "
    "percentiles are nearest ranks, regular expressions are Python's; some codes of errors are from memory.",
    "A purge ends after 2 s, in Azure within 30 days; the words of its refusals are not Azure's. Rows go "
    "with the next query or question for its state; `python -m emulator telemetry` shows them until then.",
    "AppRequests and its kin have rows; Usage, Heartbeat, AzureActivity and other tables have columns alone.",
    "Telemetry outlives its component, and goes with its workspace: aside for 14 days, at once with `force`. "
    "Retention periods are kept without effect, and a sender is told when the workspace is gone.",
    "Metrics are measured of components, gateways of API Management and container groups; those of the last "
    "two are gone when the emulator ends; every other type's are refused.",
    "Diagnostic settings are kept, but no service writes platform logs.",
    "Rules over logs and metrics are evaluated each minute that they are due while the emulator runs, over "
    "what arrived; several periods are windows of their own. Action groups call webhooks, logic apps and "
    "functions that are emulated or on this machine, in the common alert schema; nobody gets mail. Rules by "
    "dynamic thresholds, and activity log alerts, never fire.",
    "The activity log has deletions, and nothing else.",
)
