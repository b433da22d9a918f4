"""``*.in.applicationinsights.azure.com``: telemetry in, item by item accepted or refused."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.monitor.components import Component, Components
from emulator.monitor.database import Database, Row
from emulator.monitor.envelopes import InvalidEnvelope, parse, rows
from emulator.monitor.scopes import Scopes

PATHS = (["v2.1", "track"], ["v2", "track"])
AUDIENCE = "https://monitor.azure.com"
ACTION = "Microsoft.Insights/Telemetry/Write"
PARTIAL = 206
MOST_BYTES = 8 << 20  # of a batch, unpacked: some hundred items of the greatest size that Azure takes

Json = dict[str, Any]


class Ingestion:
    """Takes envelopes, checks who sends them, writes them to the database."""

    def __init__(
        self, components: Components, database: Database, identity: Identity, scopes: Scopes
    ) -> None:
        self._components = components
        self._scopes = scopes
        self._database = database
        self._identity = identity

    def handle(self, request: Request) -> Response:
        """One batch. 200 when all items are accepted, 206 when some are; else the status of their errors."""
        path = [segment for segment in request.path.split("/") if segment]  # clients double the slash
        if request.method != "POST" or path not in PATHS:
            raise NotEmulated(f"Application Insights: {request.describe()}")
        try:
            items = parse(_body(request))
        except AzureError as error:
            return _answer([], [_error(0, error.status, error.message)], 1)
        except (ValueError, OSError, EOFError, zlib.error) as error:
            return _answer([], [_error(0, 400, f"The body is no JSON telemetry: {error}")], 1)
        received = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        accepted: list[tuple[str, Row]] = []
        errors: list[Json] = []
        refusals: dict[str, AzureError | None] = {}
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                errors.append(_error(index, 400, "An item is no JSON object."))
                continue
            component = self._components.find(str(item.get("iKey", "")))
            if component is None:
                errors.append(_error(index, 400, f"Invalid instrumentation key: {item.get('iKey')!r}."))
                continue
            if component.id not in refusals:
                refusals[component.id] = self._refusal(request, component)
            refused = refusals[component.id]
            if refused is not None:
                errors.append(_error(index, refused.status, refused.message))
                continue
            if not component.tenant:
                message = f"The workspace {component.workspace} of component {component.id} does not exist."
                errors.append(_error(index, 400, message))
                continue
            own = {
                "IKey": component.instrumentation_key,
                "_ResourceId": component.id.lower(),
                "TenantId": component.tenant,
            }
            try:
                found = rows(item)
            except InvalidEnvelope as error:
                errors.append(_error(index, 400, str(error)))
                continue
            accepted += [(table, {**row, **own, "_TimeReceived": received}) for table, row in found]
        self._database.add(accepted)
        return _answer(accepted, errors, len(items))

    def _refusal(self, request: Request, component: Component) -> AzureError | None:
        """Why the sender may not write to the component, or None. Its key alone is enough only while local
        authentication is on; a token that is sent must be good in any case. The network comes first."""
        if (refused := self._scopes.refusal(request.place, component)) is not None:
            return refused
        if component.local_auth and not request.headers.get("authorization"):
            return None
        try:
            principal = self._identity.principal(request, AUDIENCE)
            self._identity.require(principal, ACTION, component.id, data=True)
        except AzureError as error:
            return error
        return None


def _body(request: Request) -> bytes:
    """What was sent, unpacked. AzureError: too much of it; ValueError: it is not what it is said to be."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        body = request.body
    elif encoding == "gzip":
        with gzip.GzipFile(fileobj=BytesIO(request.body)) as packed:
            body = packed.read(MOST_BYTES + 1)
    else:
        raise AzureError(415, "UnsupportedMediaType", f"Content-Encoding is {encoding!r}; gzip is known.")
    if len(body) > MOST_BYTES:
        words = f"A batch has at most {MOST_BYTES} bytes, unpacked; send more, smaller ones."
        raise AzureError(413, "RequestEntityTooLarge", words)
    return body


def _error(index: int, status: int, message: str) -> Json:
    return {"index": index, "statusCode": status, "message": message}


def _answer(accepted: list[tuple[str, Row]], errors: list[Json], received: int) -> Response:
    body = {"itemsReceived": received, "itemsAccepted": received - len(errors), "errors": errors}
    statuses = {error["statusCode"] for error in errors}
    if not errors:
        status = 200
    elif len(errors) < received or len(statuses) > 1:
        status = PARTIAL
    else:
        status = statuses.pop()
    return Response.json(body, status)
