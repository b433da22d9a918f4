"""What the gateway tells Application Insights: requests, calls of backends, traces, metrics.

Names and properties follow "How to integrate Azure API Management with Azure Application Insights"
(learn.microsoft.com, read 2026-11). The property `Backend ID` of a request and of its call is this
emulator's: Azure has it in the table ApiManagementGatewayLogs, which is not filled here.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, Final

from emulator.apimanagement.gateway.configuration import Telling
from emulator.apimanagement.gateway.run import Run, Sent
from emulator.apimanagement.policies.context import Response
from emulator.errors import AzureError
from emulator.http import Handler, Request
from emulator.places import Place

LOG = logging.getLogger("emulator")
KEY: Final = re.compile(r"InstrumentationKey=([0-9a-fA-F-]{36})")
ENDPOINT: Final = re.compile(r"IngestionEndpoint=https://([^/;]+)")
AUDIENCE: Final = "https://monitor.azure.com"
EVERY_S: Final = 0.5
AT_ONCE: Final = 200  # items of a batch
MOST_WAITING: Final = 20_000
VERBOSITY: Final = {"verbose": 0, "information": 1, "error": 3}

Json = dict[str, Any]


class Telemetry:
    """Sends in batches from a thread of its own, as Azure's buffered logger does."""

    def __init__(self, handler: Callable[[str], Handler | None], token: Callable[[Json, str], str]) -> None:
        """handler: of an emulated host. token: of a service's identity for an audience."""
        self._handler = handler
        self._token = token
        self._waiting: SimpleQueue[tuple[str, str, Place, Json, Json]] = SimpleQueue()
        self._sending = threading.Lock()
        self._started = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = 0
        """Items that were refused, or that did not fit."""

    def tell(self, run: Run, telling: Telling, started: float, response: Response) -> None:
        """Queue what one request is to be told."""
        key = KEY.search(telling.logger)
        address = ENDPOINT.search(telling.logger)
        if key is None:
            return
        host = address[1] if address is not None else "dc.services.visualstudio.com"
        if self._waiting.qsize() > MOST_WAITING:
            self.lost += 1
            return
        for item in _items(run, telling, started, response, key[1]):
            self._waiting.put((host, key[1], run.configuration.outbound, run.configuration.service, item))
        self._start()

    def flush(self) -> None:
        """Send all that waits."""
        with self._sending:
            while True:
                batch: list[tuple[str, str, Place, Json, Json]] = []
                try:
                    while len(batch) < AT_ONCE:
                        batch.append(self._waiting.get_nowait())
                except Empty:
                    pass
                if not batch:
                    return
                self._send(batch)

    def close(self) -> None:
        """Send what waits, and end the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)
        self.flush()

    def _start(self) -> None:
        if self._thread is None:
            with self._started:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="gateway-telemetry", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.flush()
            except Exception:
                LOG.exception("telemetry of a gateway is lost")

    def _send(self, batch: list[tuple[str, str, Place, Json, Json]]) -> None:
        groups: dict[tuple[str, str, Place], tuple[Json, list[Json]]] = {}
        for host, key, place, service, item in batch:
            groups.setdefault((host, key, place), (service, []))[1].append(item)
        for (host, _, place), (service, items) in groups.items():
            handler = self._handler(host)
            if handler is None:
                self.lost += len(items)
                continue
            headers = {"content-type": "application/json"}
            try:
                headers["authorization"] = f"Bearer {self._token(service, AUDIENCE)}"
            except AzureError as error:
                LOG.debug("the gateway %s tells without a token: %s", service["name"], error)
            path = "/v2.1/track"
            asked = Request("POST", host, path, path, {}, headers, json.dumps(items).encode(), place=place)
            try:
                answered = handler(asked)
            except AzureError as error:
                self._refused(service, len(items), error.message)
                continue
            told = json.loads(answered.body or b"{}")
            if refused := len(told.get("errors") or []):
                self._refused(service, refused, str(told["errors"][0].get("message")))

    def _refused(self, service: Json, count: int, why: str) -> None:
        self.lost += count
        LOG.warning(
            "Application Insights refuses %d items of the gateway %s: %s", count, service["name"], why
        )


def _items(run: Run, telling: Telling, started: float, response: Response, key: str) -> list[Json]:
    """The envelopes of one request."""
    context, service = run.context, run.configuration.service
    name = _name(run, telling)
    tags = {
        "ai.cloud.role": f"{service['name']} {service.get('location', '')}",
        "ai.cloud.roleInstance": f"{service['name']}.azure-api.net",
        "ai.operation.id": run.trace,
        "ai.operation.name": name,
        "ai.internal.sdkVersion": "apim:emulated",
    }
    if telling.client_ip:
        tags["ai.location.ip"] = context.request.ip_address
    if context.user is not None:
        tags["ai.user.id"] = context.user.id
    common = _properties(run)
    rate = telling.sampling
    elapsed = max(datetime.now(UTC).timestamp() - started, 0.0)
    url = context.request.original_url

    def envelope(at: float, kind: str, base: Json, parent: str) -> Json:
        return {
            "name": f"Microsoft.ApplicationInsights.{kind.removesuffix('Data')}",
            "time": datetime.fromtimestamp(at, UTC).isoformat(),
            "iKey": key,
            "sampleRate": rate,
            "tags": {**tags, **({"ai.operation.parentId": parent} if parent else {})},
            "data": {"baseType": kind, "baseData": {"ver": 2, **base}},
        }

    found = [
        envelope(
            started,
            "RequestData",
            {
                "id": run.span,
                "name": name,
                "duration": _duration(elapsed),
                "success": run.failure is None and response.status_code < 400,
                "responseCode": str(response.status_code),
                "url": f"{url.scheme}://{url.host}{url.path}",
                "properties": common,
            },
            run.parent,
        )
    ]
    found += [_call(run, one, started, envelope) for one in run.sent]
    if run.failure is not None:
        found.append(_exception(run, started, envelope, common))
    found += _told(run, telling, started, envelope)
    return found


def _call(run: Run, sent: Sent, started: float, envelope: Callable[..., Json]) -> Json:
    since = (datetime.now(UTC) - run.context.timestamp).total_seconds()
    offset = max(0.0, min(since, sent.started - run.context.started))
    host = sent.url.split("/")[2] if sent.url.count("/") >= 2 else sent.url
    base = {
        "id": sent.id,
        "name": f"{sent.method} /{'/'.join(sent.url.split('/')[3:])}",
        "duration": _duration(sent.seconds),
        "success": 0 < sent.status < 400,
        "resultCode": str(sent.status),
        "data": sent.url,
        "target": host,
        "type": sent.kind,
        "properties": {"Backend ID": sent.backend} if sent.backend else {},
    }
    return envelope(started + offset, "RemoteDependencyData", base, run.span)


def _exception(run: Run, at: float, envelope: Callable[..., Json], common: dict[str, str]) -> Json:
    failure = run.failure
    assert failure is not None  # noqa: S101 - the caller has looked
    text = f"{failure.message}"
    base = {
        "exceptions": [{"typeName": failure.reason, "message": text, "hasFullStack": False}],
        "severityLevel": 3,
        "problemId": f"{failure.source}: {failure.reason}",
        "properties": {
            **common,
            "Source": failure.source,
            "Section": failure.section,
            "Scope": failure.scope,
            "Path": failure.path,
        },
    }
    return envelope(at, "ExceptionData", base, run.span)


def _told(run: Run, telling: Telling, at: float, envelope: Callable[..., Json]) -> list[Json]:
    found: list[Json] = []
    least = VERBOSITY.get(telling.verbosity.lower(), 1)
    for one in run.told:
        if "metric" in one:
            if telling.metrics:
                point = {"name": one["metric"], "ns": one["namespace"], "value": one["value"], "count": 1}
                base = {"metrics": [point], "properties": one["properties"]}
                found.append(envelope(at, "MetricData", base, run.span))
        elif one["severity"] >= least:
            properties = {**one.get("properties", {}), "Source": one["source"]}
            base = {"message": one["message"], "severityLevel": one["severity"], "properties": properties}
            found.append(envelope(at, "MessageData", base, run.span))
    return found


def _name(run: Run, telling: Telling) -> str:
    request = run.context.request
    if run.route is None or telling.name_format == "Url":
        return f"{run.context.request.method} {request.original_url.path}"
    return f"{run.route.api.name};rev={run.route.api.revision} - {run.route.operation.name}"


def _properties(run: Run) -> dict[str, str]:
    context, service = run.context, run.configuration.service
    found = {
        "Service ID": str(service["id"]),
        "Service Name": str(service["name"]),
        "Service Type": "API Management",
        "Region": str(service.get("location", "")),
        "Request Id": str(context.request_id),
        "HTTP Method": context.request.method,
    }
    if run.route is not None:
        found |= {
            "API Name": context.api.name,
            "API Revision": context.api.revision,
            "Operation Name": context.operation.name,
        }
    if context.product is not None:
        found["Product Name"] = context.product.name
    if context.subscription is not None:
        found["Subscription Name"] = context.subscription.name
    if run.sent and run.sent[-1].backend:
        found["Backend ID"] = run.sent[-1].backend
    return found


def _duration(seconds: float) -> str:
    whole = int(seconds)
    days, rest = divmod(whole, 86_400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{int((seconds - whole) * 1e7):07}"
    return f"{days}.{text}" if days else text
