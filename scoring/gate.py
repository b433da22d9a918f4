"""The outermost layer of each request: identifiers, errors as problem details, telemetry record."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoring.problems import CONTENT_TYPE, INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem
from scoring.scorer import Batch
from scoring.telemetry import RequestRecord
from scoring.tracecontext import TraceContext, continued

log = logging.getLogger(__name__)

ROUTER_REFUSALS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


@dataclass(slots=True)
class RequestContext:
    """What the layers of one request share. The endpoint fills in `batch` and `drift_status`."""

    request_id: str
    trace: TraceContext
    batch: Batch | None = None
    drift_status: str | None = None


def context_of(scope: Scope) -> RequestContext:
    return scope["scoring"]


class Gate:
    """An ASGI application around another one."""

    def __init__(
        self, inner: ASGIApp, record: Callable[[RequestRecord], None], routes: frozenset[str]
    ) -> None:
        self._inner, self._record, self._routes = inner, record, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started_ns, clock = time.time_ns(), time.perf_counter_ns()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        context = RequestContext(request_id, continued(headers.get(b"traceparent", b"").decode("latin-1")))
        scope["scoring"] = context
        scope["app"] = self  # so that the router raises its refusals
        traceparent = context.trace.traceparent.encode()
        added = [
            (b"x-request-id", request_id.encode()),
            (b"traceparent", traceparent),
            (b"traceresponse", traceparent),
        ]
        status = 0

        async def send_with_identifiers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        problem: Problem | None = None
        try:
            await self._inner(scope, receive, send_with_identifiers)
        except Problem as raised:
            problem = raised
        except HTTPException as refusal:
            kind = ROUTER_REFUSALS.get(refusal.status_code, INTERNAL)
            problem = Problem(kind, f"{scope['method']} {scope['path']}", dict(refusal.headers or {}))
        except Exception:
            log.exception("a request failed", extra={"request_id": request_id})
            problem = Problem(INTERNAL, "the failure was logged under this request's id")
        if problem is not None and status == 0:
            await _answer(problem, request_id, send_with_identifiers)
        path = scope["path"]
        self._record(
            RequestRecord(
                method=scope["method"],
                route=path if path in self._routes else "(unknown)",
                status=status,
                started_ns=started_ns,
                duration_ns=time.perf_counter_ns() - clock,
                request_id=request_id,
                trace=context.trace,
                problem=problem.kind.name if problem else None,
                batch=context.batch,
                drift_status=context.drift_status,
            )
        )


async def _answer(problem: Problem, request_id: str, send: Send) -> None:
    body = problem.body(request_id)
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
