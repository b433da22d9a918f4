"""What somebody is told of, as data: rules over metrics of Azure, and over what the scoring service writes.

A query yields rows when something is wrong and none otherwise, so every rule counts rows. Tables and columns
are those of docs/scoring.md; metrics are those of "Supported metrics with Azure Monitor", from memory
(2026-11): check there before adding one.
"""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal[0, 1, 2, 3, 4]
"""Azure's: critical, error, warning, informational, verbose."""
Part = Literal["workspace", "storage", "vault", "gateway", "kubernetes", "runners", "predictions", "function"]
"""What a rule is about; rules of a part that an estate does without are not made."""
SCORED: Final = 'AppMetrics | where Name == "scoring.requests"'
STATUS: Final = 'extend status = toint(Properties["http.response.status_code"])'


def runbook(key: str) -> str:
    """The page for whoever is told of an alert, as a path in this repository."""
    return f"docs/runbooks/alerts/{key}.md"


@dataclass(frozen=True, slots=True)
class QueryAlert:
    """query: over Log Analytics, its table first; any row is an alert. window, every: durations (ISO 8601).

    estates: whether it is about the estate, and not about Log Analytics itself. retrain: whether a new model
    may be the answer, so that it starts a training where the settings say so. part: without it there is
    nothing to ask about; None: in every estate.
    """

    key: str
    why: str
    severity: Severity
    query: str
    window: str = "PT15M"
    every: str = "PT5M"
    estates: bool = True
    retrain: bool = False
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class MetricAlert:
    """metric, namespace: as Azure names them. dimension: name and value that alone count; "*": each value for
    itself."""

    key: str
    why: str
    severity: Severity
    part: Part
    namespace: str
    metric: str
    aggregation: Literal["Average", "Minimum", "Maximum", "Total", "Count"]
    operator: Literal["GreaterThan", "LessThan"]
    threshold: int
    dimension: tuple[str, str] | None = None
    window: str = "PT15M"
    every: str = "PT5M"


QUERIES: Final[tuple[QueryAlert, ...]] = (
    QueryAlert(
        "availability",
        "the scoring service turned away more than one request in a hundred (429, 503)",
        1,
        f"""{SCORED}
| {STATUS}
| summarize requests = sum(Sum), away = sumif(Sum, status in (429, 503))
| where requests >= 20 and away * 100 > requests""",
    ),
    QueryAlert(
        "failures",
        "the scoring service failed at more than one request in fifty (500 and above, 503 left out)",
        1,
        f"""{SCORED}
| {STATUS}
| summarize requests = sum(Sum), failed = sumif(Sum, status >= 500 and status != 503)
| where requests >= 20 and failed * 50 > requests""",
    ),
    # Of the host's own requests, as it tells them: a start that fails is none of the service's answers.
    QueryAlert(
        "function-failures",
        "the function app that scores failed at more than one call in fifty (500 and above)",
        1,
        """AppRequests
| where OperationName in ("score", "explain")
| summarize calls = sum(ItemCount), failed = sumif(ItemCount, toint(ResultCode) >= 500)
| where calls >= 20 and failed * 50 > calls""",
        part="function",
    ),
    QueryAlert(
        "answers-lost",
        "answered rows were not kept: the data lake did not take them (the reason is a property)",
        2,
        """AppMetrics
| where Name == "scoring.kept.lost"
| summarize lost = sum(Sum)
| where lost > 0""",
    ),
    QueryAlert(
        "latency",
        "a score took more than 250 ms on average",
        2,
        """AppMetrics
| where Name == "scoring.request.duration" and tostring(Properties["http.route"]) == "/score"
| summarize milliseconds = sum(Sum), requests = sum(ItemCount)
| where requests >= 20 and milliseconds > 250 * requests""",
    ),
    QueryAlert(
        "drift",
        "features differ from the training rows in three evaluations of an hour",
        2,
        """AppEvents
| where Name == "scoring.drift" and toint(Properties.part) == 1
| where tostring(Properties.status) == "drifted"
| summarize evaluations = count()
| where evaluations >= 3""",
        window="PT1H",
        every="PT15M",
        retrain=True,
    ),
    QueryAlert(
        "outliers",
        "more than one row in ten is unlike the training rows",
        2,
        """AppMetrics
| where Name in ("scoring.rows", "scoring.rows.outlier")
| summarize rows = sumif(Sum, Name == "scoring.rows"), outliers = sumif(Sum, Name == "scoring.rows.outlier")
| where rows >= 200 and outliers * 10 > rows""",
        window="PT1H",
        every="PT15M",
    ),
    QueryAlert(
        "quality",
        "the daily report says that the model has lost quality, or is expected to: a training can help",
        1,
        """AppMetrics
| where Name == "quality.retrain"
| summarize lost = max(Max)
| where lost > 0""",
        window="P1D",
        every="PT1H",
        retrain=True,
    ),
    QueryAlert(
        "no-quality",
        "answers were kept for more than a day, and no daily report was made of them for two days",
        2,
        """AppMetrics
| where Name == "quality.rows" or (Name == "scoring.kept.rows" and Sum > 0)
| summarize reports = countif(Name == "quality.rows"), since = min(TimeGenerated)
| where reports == 0 and since < ago(28h)""",
        window="P2D",
        every="PT1H",
    ),
    QueryAlert(
        "predictions-stale",
        "predictions are looked up, and for two days no job said that they are of the last 36 hours",
        2,
        """AppMetrics
| extend looked = Name == "scoring.requests" and tostring(Properties["http.route"]) == "/predictions/{key}"
| where looked or Name == "precomputed.age.hours"
| summarize asked = sumif(Sum, looked), fresh = countif(Name == "precomputed.age.hours" and Max <= 36)
| where asked > 0 and fresh == 0""",
        window="P2D",
        every="PT1H",
        part="predictions",
    ),
    QueryAlert(
        "drift-days",
        "a feature has differed from the training rows for three daily reports in a row",
        2,
        """AppMetrics
| where Name == "quality.drifted.days"
| summarize days = max(Max)
| where days >= 3""",
        window="P1D",
        every="PT1H",
    ),
    QueryAlert(
        "broken-column",
        "the daily report says that upstream broke a column: mend it there, do not train on it",
        1,
        """AppMetrics
| where Name == "quality.broken"
| summarize broken = max(Max)
| where broken > 0""",
        window="P1D",
        every="PT1H",
    ),
    QueryAlert(
        "no-telemetry",
        "no scoring service has said anything, not even that nothing failed",
        1,
        """AppMetrics
| where Name == "scoring.telemetry.failed"
| summarize exports = count()
| where exports == 0""",
    ),
    QueryAlert(
        "telemetry-lost",
        "traces, events or logs of the scoring service were lost",
        3,
        """AppMetrics
| where Name == "scoring.telemetry.lost"
| summarize records = sum(Sum)
| where records > 0""",
        window="PT1H",
        every="PT1H",
    ),
    QueryAlert(
        "daily-cap",
        "the daily cap of Log Analytics is reached: nothing more is kept, and no rule sees anything",
        1,
        """_LogOperation
| where Category == "Ingestion" and Detail has "OverQuota"
| summarize times = count()
| where times > 0""",
        window="PT1H",
        every="PT15M",
        estates=False,
    ),
)


_LEARNING: Final = "Microsoft.MachineLearningServices/workspaces"
_GATEWAY: Final = "Microsoft.ApiManagement/service"
_CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
_DATABASE: Final = "Microsoft.DBforPostgreSQL/flexibleServers"

METRICS: Final[tuple[MetricAlert, ...]] = (
    MetricAlert(
        "job-failures",
        "a training job failed",
        2,
        "workspace",
        _LEARNING,
        "Failed Runs",
        "Total",
        "GreaterThan",
        0,
    ),
    MetricAlert(
        "gateway-failures",
        "callers got an answer of 500 or above more than five times",
        1,
        "gateway",
        _GATEWAY,
        "Requests",
        "Total",
        "GreaterThan",
        5,
        dimension=("GatewayResponseCodeCategory", "5xx"),
    ),
    MetricAlert(
        "gateway-latency",
        "callers waited for more than a second on average",
        2,
        "gateway",
        _GATEWAY,
        "Duration",
        "Average",
        "GreaterThan",
        1000,
    ),
    MetricAlert(
        "nodes-busy",
        "the cluster's nodes use more than 85% of their processors",
        2,
        "kubernetes",
        _CLUSTER,
        "node_cpu_usage_percentage",
        "Average",
        "GreaterThan",
        85,
    ),
    MetricAlert(
        "nodes-full",
        "the cluster's nodes use more than 85% of their memory",
        2,
        "kubernetes",
        _CLUSTER,
        "node_memory_working_set_percentage",
        "Average",
        "GreaterThan",
        85,
    ),
    MetricAlert(
        "runners-gone",
        "a machine that runs CI's jobs does not run: nothing is released, and nothing goes back",
        1,
        "runners",
        "Microsoft.Compute/virtualMachineScaleSets",
        "VmAvailabilityMetric",
        # Not the average: it is 0 for the minutes in which a machine restarts, as each does after an upgrade
        # ("VM availability metric", read 2026-11). The dimension is from memory of Azure's list of metrics.
        "Maximum",
        "LessThan",
        1,
        dimension=("VMName", "*"),
    ),
    MetricAlert(
        "storage-availability",
        "the storage account fails at more than one request in a hundred",
        1,
        "storage",
        "Microsoft.Storage/storageAccounts",
        "Availability",
        "Average",
        "LessThan",
        99,
    ),
    MetricAlert(
        "vault-availability",
        "the Key Vault fails at more than one request in a hundred",
        1,
        "vault",
        "Microsoft.KeyVault/vaults",
        "Availability",
        "Average",
        "LessThan",
        99,
    ),
    # Names and aggregations of these as in "Monitor metrics" of Azure Database for PostgreSQL (read 2026-11).
    MetricAlert(
        "predictions-away",
        "the database of predictions by key is down: look-ups are answered 503",
        1,
        "predictions",
        _DATABASE,
        "is_db_alive",
        "Maximum",
        "LessThan",
        1,
        window="PT5M",
        every="PT1M",
    ),
    MetricAlert(
        "predictions-full",
        "the database of predictions by key has filled more than 80% of its storage, which does not grow",
        2,
        "predictions",
        _DATABASE,
        "storage_percent",
        "Average",
        "GreaterThan",
        80,
    ),
    MetricAlert(
        "predictions-refused",
        "more than ten connections to the database of predictions by key failed",
        2,
        "predictions",
        _DATABASE,
        "connections_failed",
        "Total",
        "GreaterThan",
        10,
    ),
)


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """percent: of the month's budget. forecast: whether of what the month will have cost."""

    percent: int
    forecast: bool = False

    @property
    def key(self) -> str:
        return f"{'forecast' if self.forecast else 'actual'}-{self.percent}"


BUDGET: Final = (BudgetAlert(50), BudgetAlert(80), BudgetAlert(100), BudgetAlert(100, forecast=True))
