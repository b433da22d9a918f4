"""What the service used under load: of its container group's metrics, if Azure has them by now."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ml.release.evidence import Profile

if TYPE_CHECKING:
    from ml.azure.clients import Azure

METRICS_API: Final = "2024-02-01"
MILLICORES: Final = 1000.0
MINUTE: Final = timedelta(minutes=1)
"""Container groups are measured in averages of whole minutes ("Supported metrics", read 2026-11)."""
LAG_SECONDS: Final = 240.0
"""Platform metrics are there some minutes after their time; what comes later is not waited for."""
ASK_EVERY_SECONDS: Final = 10.0


def profile(
    azure: "Azure", group: str, began: datetime, ended: datetime, rate: float
) -> tuple[Profile | None, str]:
    """The profile between two times, or None and why there is none. rate: answered requests a second.

    Only minutes that lie wholly under load count: an average with idle seconds in it would be too small.
    """
    from azure.core.exceptions import HttpResponseError

    if not (minutes := _whole_minutes(began, ended)):
        seconds = (ended - began).total_seconds()
        return (
            None,
            f"no whole minute lies in a load of {seconds:.0f} s; set release.load_seconds to 120 or more",
        )
    asked = time.monotonic()
    while True:
        try:
            cpu, memory = _averages(azure, group, began, ended)
        except HttpResponseError as error:
            return None, f"Azure Monitor answers {error.status_code} when asked for the group's metrics"
        if len(cpu) >= minutes <= len(memory) or time.monotonic() - asked > LAG_SECONDS:
            break
        time.sleep(ASK_EVERY_SECONDS)
    if not cpu or not memory or cpu[-1] <= 0 or max(memory) <= 0 or rate <= 0:
        return None, "Azure Monitor has no metrics of the group for that time yet"
    p95 = cpu[min(len(cpu) - 1, int(0.95 * len(cpu)))] / MILLICORES
    used = Profile(cpu_cores_p95=p95, memory_bytes_max=int(max(memory)), requests_per_second=rate)
    return used, f"of {len(cpu)} whole {'minute' if len(cpu) == 1 else 'minutes'}"


def _averages(
    azure: "Azure", group: str, began: datetime, ended: datetime
) -> tuple[list[float], list[float]]:
    """Thousandths of a core, the smallest first, and bytes: one of each whole minute that Azure has."""
    from ml.azure.rest import MANAGEMENT, Rest

    estate = azure.estate
    path = (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}/providers"
        f"/Microsoft.ContainerInstance/containerGroups/{group}/providers/Microsoft.Insights/metrics"
    )
    query = {
        "api-version": METRICS_API,
        "metricnames": "CpuUsage,MemoryUsage",
        "aggregation": "Average",
        "interval": "PT1M",
        "timespan": f"{began - MINUTE:%Y-%m-%dT%H:%M:%SZ}/{ended + MINUTE:%Y-%m-%dT%H:%M:%SZ}",
    }
    answer = Rest(azure, MANAGEMENT).get(path, **query)
    found = {
        metric["name"]["value"]: list(_values(metric, began, ended)) for metric in answer.get("value", ())
    }
    return sorted(found.get("CpuUsage", [])), found.get("MemoryUsage", [])


def _whole_minutes(began: datetime, ended: datetime) -> int:
    """How many minutes of the clock lie wholly between the two."""
    start = began.replace(second=0, microsecond=0)
    first = start if start == began else start + MINUTE
    return max(0, (ended - first) // MINUTE)


def _values(metric: dict[str, Any], began: datetime, ended: datetime) -> Iterator[float]:
    for series in metric.get("timeseries", ()):
        for point in series.get("data", ()):
            at = datetime.fromisoformat(str(point["timeStamp"]).replace("Z", "+00:00")).astimezone(UTC)
            if point.get("average") is not None and began <= at and at + MINUTE <= ended:
                yield float(point["average"])
