"""What the service used under load: of its container group's metrics, if Azure has them by now."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ml.release.evidence import Profile

if TYPE_CHECKING:
    from ml.azure.clients import Azure

METRICS_API: Final = "2024-02-01"
MILLICORES: Final = 1000.0
BEFORE: Final = timedelta(minutes=1)  # metrics are of whole minutes


def profile(azure: "Azure", group: str, began: datetime, rate: float) -> tuple[Profile | None, str]:
    """The profile since a time, or None and why there is none. rate: answered requests a second."""
    from azure.core.exceptions import HttpResponseError

    from ml.azure.rest import MANAGEMENT, Rest

    estate = azure.estate
    path = (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}/providers"
        f"/Microsoft.ContainerInstance/containerGroups/{group}/providers/Microsoft.Insights/metrics"
    )
    until = datetime.now(UTC) + BEFORE
    query = {
        "api-version": METRICS_API,
        "metricnames": "CpuUsage,MemoryUsage",
        "aggregation": "average,maximum",
        "interval": "PT1M",
        "timespan": f"{began - BEFORE:%Y-%m-%dT%H:%M:%SZ}/{until:%Y-%m-%dT%H:%M:%SZ}",
    }
    try:
        answer = Rest(azure, MANAGEMENT).get(path, **query)
    except HttpResponseError as error:
        return None, f"Azure Monitor answers {error.status_code} when asked for the group's metrics"
    found = {metric["name"]["value"]: list(_values(metric)) for metric in answer.get("value", ())}
    cpu, memory = found.get("CpuUsage", []), found.get("MemoryUsage", [])
    if not cpu or not memory or max(cpu) <= 0 or max(memory) <= 0 or rate <= 0:
        return None, "Azure Monitor has no metrics of the group for that time yet"
    ordered = sorted(cpu)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] / MILLICORES
    used = Profile(cpu_cores_p95=p95, memory_bytes_max=int(max(memory)), requests_per_second=rate)
    return used, f"of {len(cpu)} minutes"


def _values(metric: dict[str, Any]) -> Any:
    for series in metric.get("timeseries", ()):
        for point in series.get("data", ()):
            value = point.get("maximum", point.get("average"))
            if value is not None:
                yield float(value)
