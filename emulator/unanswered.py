"""Hosts of Azure, and of tools around it, that clients of a platform ask and that are not emulated.

A tunnel to one of them is opened, so that the client reads in words why it gets no answer: what a proxy says
while it refuses a tunnel is shown by few. Every other host outside is refused by the proxy.
"""

from __future__ import annotations

from typing import Final

from emulator.errors import NotEmulated

IMAGES: Final = "nothing is pulled from here: bring base images in with `az acr import`"
TELEMETRY: Final = "`python -m emulator telemetry` shows what has arrived"
PULUMI: Final = (
    "nothing is downloaded from here: stacks are kept in the emulator's home, azure-native is there, and "
    "plugins of other providers come from a folder in EMULATOR_PLUGINS (docs/emulator/clients.md)"
)
PORTAL: Final = "there are no pages: `python -m emulator status` shows what exists"
DATA: Final = "the resource is kept, and nothing runs behind it"
TOOLS: Final = "nothing is downloaded from here: do it before, outside of `python -m emulator run`"
NOTHING_LOST: Final = "it is a tool's own telemetry, and nothing of yours is lost"

# host, or "*.suffix" for every name under it -> what it is, what to do
HOSTS: Final[dict[str, tuple[str, str]]] = {
    "mcr.microsoft.com": ("Microsoft's registry", IMAGES),
    "*.data.mcr.microsoft.com": ("Microsoft's registry", IMAGES),
    "*.api.loganalytics.io": ("queries of Log Analytics", TELEMETRY),
    "*.ods.opinsights.azure.com": ("the collector of Log Analytics", TELEMETRY),
    "*.ingest.monitor.azure.com": ("data collection endpoints", TELEMETRY),
    "dc.services.visualstudio.com": ("telemetry of tools", NOTHING_LOST),
    "dc.applicationinsights.azure.com": ("telemetry of tools", NOTHING_LOST),
    "get.pulumi.com": ("Pulumi's downloads", PULUMI),
    "api.pulumi.com": ("Pulumi Cloud", PULUMI),
    "app.pulumi.com": ("Pulumi Cloud", PULUMI),
    "portal.azure.com": ("the portal", PORTAL),
    "ml.azure.com": ("Azure ML studio", PORTAL),
    "graph.windows.net": ("Azure AD Graph, which is retired", "use Microsoft Graph"),
    "management.core.windows.net": (
        "the classic control plane, which is retired",
        "use Azure Resource Manager",
    ),
    "aka.ms": ("Microsoft's short links", TOOLS),
    "*.azurestaticapps.net": ("a static web app", DATA),
    "*.azurecontainerapps.io": ("a container app", DATA),
    "*.azureedge.net": ("a CDN endpoint", DATA),
    "*.azurefd.net": ("a Front Door endpoint", DATA),
    "*.documents.azure.com": ("Cosmos DB", DATA),
    "*.servicebus.windows.net": ("Service Bus and Event Hubs", DATA),
    "*.azconfig.io": ("App Configuration", DATA),
    "*.managedhsm.azure.net": ("managed HSMs", "use a vault's secrets"),
    "*.search.windows.net": ("AI Search", DATA),
    "*.openai.azure.com": ("Azure OpenAI", DATA),
    "*.cognitiveservices.azure.com": ("Azure AI services", DATA),
    "*.services.ai.azure.com": ("Azure AI services", DATA),
    "*.azuredatabricks.net": ("Databricks", DATA),
    "*.dev.azuresynapse.net": ("Synapse", DATA),
    "*.kusto.windows.net": ("Data Explorer", DATA),
    "*.batch.azure.com": ("Batch", DATA),
}


def find(host: str) -> NotEmulated | None:
    """The refusal of a request to a host (lower case); None for a host that is not in the table."""
    names = [host, *(f"*{host[at:]}" for at, mark in enumerate(host) if mark == ".")]
    for name in names:
        if name in HOSTS:
            what, remedy = HOSTS[name]
            return NotEmulated(f"{host} ({what}); {remedy}")
    return None
