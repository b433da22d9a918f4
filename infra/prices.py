"""What Azure asks for, as dated rows: US dollars, before tax, pay as you go, West Europe.

No row was looked up: this was written where Azure's retail price API is not reached. Each is from memory of
Azure's price pages and marked as an estimate; `check` says where the true one stands. A unit without a row is
told as unknown, never as nothing.
"""

from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["hour", "month", "GB-month", "GB"]
HOURS: Final = 730  # of a month, as Azure's calculator has it
REGION: Final = "westeurope"
DATE: Final = "2026-11"
SOURCE: Final = "estimate from memory of Azure's price pages"
CHECK: Final = "https://prices.azure.com/api/retail/prices, by armRegionName and armSkuName"


@dataclass(frozen=True, slots=True)
class Price:
    """usd: of one unit. what: as the price page calls it. source and date: how far to trust it."""

    usd: float
    unit: Unit
    what: str
    region: str = REGION
    date: str = DATE
    source: str = SOURCE

    @property
    def monthly(self) -> float:
        """Of one that is there all month; of one GB where it is by volume."""
        return self.usd * HOURS if self.unit == "hour" else self.usd


PRICES: Final[dict[str, Price]] = {
    "vm/Standard_D2ds_v5": Price(0.136, "hour", "Virtual Machines, Linux, D2ds v5"),
    "vm/Standard_D4ds_v5": Price(0.272, "hour", "Virtual Machines, Linux, D4ds v5"),
    "vm/Standard_D8ds_v5": Price(0.544, "hour", "Virtual Machines, Linux, D8ds v5"),
    "vm/Standard_D2s_v5": Price(0.115, "hour", "Virtual Machines, Linux, D2s v5"),
    "vm/Standard_D4s_v5": Price(0.23, "hour", "Virtual Machines, Linux, D4s v5"),
    "disk/Premium_LRS/64": Price(10.21, "month", "Managed Disks, Premium SSD, P6: 64 GiB"),
    "ml-spark/Standard_E4s_v3": Price(0.67, "hour", "Machine Learning, serverless Spark, E4s v3: 4 vCPU"),
    "databricks/jobs": Price(0.30, "hour", "Azure Databricks, premium, jobs compute, a DBU"),
    "aks/Free": Price(0.0, "hour", "Kubernetes Service, Free tier"),
    "aks/Standard": Price(0.10, "hour", "Kubernetes Service, Standard tier, a cluster"),
    "aks/Premium": Price(0.60, "hour", "Kubernetes Service, Premium tier, a cluster"),
    "apim/StandardV2": Price(700.0, "month", "API Management, Standard v2, first unit"),
    "registry/Premium": Price(1.667 / 24, "hour", "Container Registry, Premium, a registry"),
    "registry-agents/S1": Price(0.72, "hour", "Container Registry tasks, S1 agent: 2 vCPU"),
    "registry-agents/S2": Price(1.44, "hour", "Container Registry tasks, S2 agent: 4 vCPU"),
    "registry-agents/S3": Price(2.88, "hour", "Container Registry tasks, S3 agent: 8 vCPU"),
    "nat-gateway": Price(0.045, "hour", "NAT Gateway"),
    "public-address": Price(0.005, "hour", "Standard static public IPv4 address"),
    "private-endpoint": Price(0.01, "hour", "Private Link, an endpoint"),
    "private-zone": Price(0.50, "month", "DNS, a private zone"),
    "log-ingestion": Price(2.76, "GB", "Log Analytics, pay as you go"),
    "query-rule/5": Price(1.50, "month", "log search alert rule, every 5 minutes"),
    "query-rule/15": Price(0.50, "month", "log search alert rule, every 15 minutes or rarer"),
    "metric-rule": Price(0.10, "month", "metric alert rule, a time series"),
    "functions/FC1": Price(0.0, "month", "Functions, Flex Consumption: by executions only"),
    "event-topic": Price(0.0, "month", "Event Grid, a system topic: by operations only"),
    "postgres/Standard_B2s": Price(0.082, "hour", "PostgreSQL server, Burstable, B2s"),
    "postgres/Standard_D2ds_v5": Price(0.214, "hour", "PostgreSQL server, General Purpose, D2ds v5"),
    "postgres/Standard_D4ds_v5": Price(0.428, "hour", "PostgreSQL server, General Purpose, D4ds v5"),
    "postgres/Standard_E2ds_v5": Price(0.288, "hour", "PostgreSQL server, Memory Optimized, E2ds v5"),
    "postgres-storage": Price(0.137, "GB-month", "PostgreSQL server, storage"),
    "vault": Price(0.0, "month", "Key Vault, standard: by operations only"),
}
"""By key: the kind, and where there are several, which of them."""


def price_of(key: str) -> Price | None:
    """None where no price is known."""
    return PRICES.get(key)
