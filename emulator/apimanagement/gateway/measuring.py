"""The platform's metrics of a gateway: each request counts, whatever telemetry samples."""

from __future__ import annotations

from datetime import UTC, datetime

from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.policies.context import Response
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.metrics.book import Book


def measure(book: Book, run: Run, started: float, seconds: float, response: Response) -> None:
    """Write the metrics `Requests` and `Duration` of one request. started: seconds since 1970."""
    service, backend = run.configuration.service, run.sent[-1].status if run.sent else 0
    common = {
        "Location": str(service.get("location", "")),
        "Hostname": run.context.request.original_url.host,
        "ApiId": run.route.api.name if run.route is not None else "",
    }
    more = {
        "GatewayResponseCode": str(response.status_code),
        "GatewayResponseCodeCategory": f"{response.status_code // 100}xx",
        "BackendResponseCode": str(backend or ""),
        "BackendResponseCodeCategory": f"{backend // 100}xx" if backend else "",
        "LastErrorReason": run.failure.reason if run.failure is not None else "None",
    }
    at = ticks_of(datetime.fromtimestamp(started, UTC))
    book.write(run.configuration.id, "Requests", 1, at, {**common, **more})
    book.write(run.configuration.id, "Duration", seconds * 1000, at, common)
