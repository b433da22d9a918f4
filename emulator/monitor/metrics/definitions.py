"""The metrics that are measured here, from "Supported metrics with Azure Monitor" (read 2026-11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Aggregation = Literal["Average", "Minimum", "Maximum", "Total", "Count"]
AGGREGATIONS: Final[tuple[Aggregation, ...]] = ("Average", "Minimum", "Maximum", "Total", "Count")
COMPONENT: Final = "Microsoft.Insights/components"
GATEWAY: Final = "Microsoft.ApiManagement/service"
GROUP: Final = "Microsoft.ContainerInstance/containerGroups"
CUSTOM: Final = "azure.applicationinsights"
"""The namespace of what programs themselves measure."""


@dataclass(frozen=True, slots=True)
class Metric:
    """primary: what is given when no aggregation is asked for."""

    name: str
    title: str
    unit: str
    primary: Aggregation
    dimensions: tuple[str, ...] = ()


_CLOUD: Final = ("cloud/roleInstance", "cloud/roleName")
_REQUEST: Final = ("request/resultCode", "request/success", *_CLOUD)
_CALLS: Final = ("Location", "Hostname")

METRICS: Final[dict[str, tuple[Metric, ...]]] = {
    COMPONENT: (
        Metric("requests/count", "Server requests", "Count", "Count", _REQUEST),
        Metric("requests/failed", "Failed requests", "Count", "Count", _REQUEST),
        Metric("requests/duration", "Server response time", "MilliSeconds", "Average", _REQUEST),
        Metric("dependencies/count", "Dependency calls", "Count", "Count", _CLOUD),
        Metric("dependencies/failed", "Dependency call failures", "Count", "Count", _CLOUD),
        Metric("dependencies/duration", "Dependency duration", "MilliSeconds", "Average", _CLOUD),
        Metric("exceptions/count", "Exceptions", "Count", "Count", _CLOUD),
        Metric("traces/count", "Traces", "Count", "Count", _CLOUD),
        Metric("availabilityResults/count", "Availability tests", "Count", "Count"),
        Metric("availabilityResults/duration", "Availability test duration", "MilliSeconds", "Average"),
        Metric("availabilityResults/availabilityPercentage", "Availability", "Percent", "Average"),
    ),
    GATEWAY: (
        Metric(
            "Requests",
            "Requests",
            "Count",
            "Total",
            (
                *_CALLS,
                "LastErrorReason",
                "BackendResponseCode",
                "GatewayResponseCode",
                "BackendResponseCodeCategory",
                "GatewayResponseCodeCategory",
                "ApiId",
            ),
        ),
        Metric("Duration", "Duration of Gateway Requests", "MilliSeconds", "Average", (*_CALLS, "ApiId")),
    ),
    GROUP: (
        Metric("CpuUsage", "CPU Usage", "Count", "Average", ("containerName",)),
        Metric("MemoryUsage", "Memory Usage", "Bytes", "Average", ("containerName",)),
    ),
}
ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    COMPONENT: (
        "requests/rate",
        "exceptions/browser",
        "exceptions/server",
        "pageViews/count",
        "pageViews/duration",
        "browserTimings/networkDuration",
        "browserTimings/processingDuration",
        "browserTimings/receiveDuration",
        "browserTimings/sendDuration",
        "browserTimings/totalDuration",
        "performanceCounters/exceptionsPerSecond",
        "performanceCounters/memoryAvailableBytes",
        "performanceCounters/processCpuPercentage",
        "performanceCounters/processIOBytesPerSecond",
        "performanceCounters/processPrivateBytes",
        "performanceCounters/processorCpuPercentage",
        "performanceCounters/requestExecutionTime",
        "performanceCounters/requestsInQueue",
        "performanceCounters/requestsPerSecond",
    ),
    GATEWAY: (
        "BackendDuration",
        "Capacity",
        "CpuPercent_Gateway",
        "MemoryPercent_Gateway",
        "EventHubDroppedEvents",
        "EventHubRejectedEvents",
        "EventHubSuccessfulEvents",
        "EventHubThrottledEvents",
        "EventHubTimedoutEvents",
        "EventHubTotalBytesSent",
        "EventHubTotalEvents",
        "EventHubTotalFailedEvents",
        "FailedRequests",
        "OtherRequests",
        "SuccessfulRequests",
        "TotalRequests",
        "UnauthorizedRequests",
        "ConnectionAttempts",
        "NetworkConnectivity",
        "WebSocketMessages",
    ),
    GROUP: ("NetworkBytesReceivedPerSecond", "NetworkBytesTransmittedPerSecond"),
}
"""Metrics of these types that Azure has and that are not measured here."""


def of(arm_type: str) -> tuple[str, tuple[Metric, ...]] | None:
    """A type as it is spelled, and its metrics; None for one that has none here."""
    for name, metrics in METRICS.items():
        if name.lower() == arm_type.lower():
            return name, metrics
    return None


def names(arm_type: str) -> tuple[str, ...]:
    """All metrics that Azure has of a type, measured here or not; none of a type that is not listed."""
    found = of(arm_type)
    return (*(one.name for one in found[1]), *ELSEWHERE[found[0]]) if found else ()
