"""The outermost layer of each request: routes, identifiers, errors as problem details, telemetry record."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from scoring.http.asgi import Headers, Receive, Scope, Send
from scoring.http.problems import CONTENT_TYPE, INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Problem
from scoring.http.requests import Request, State, begun
from scoring.telemetry.moment import Put

log = logging.getLogger(__name__)

UNKNOWN_ROUTE: Final = "(unknown)"
_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", CONTENT_TYPE.encode())
_CLOSE: Final = (b"connection", b"close")


@dataclass(frozen=True, slots=True)
class Other:
    """A body that is not JSON."""

    content_type: bytes
    body: bytes


# An endpoint gives the body of an answer with status 200, JSON unless it says otherwise, or raises Problem.
Endpoint = Callable[[Request], Awaitable[bytes | Other]]


class Gate:
    """The ASGI application.

    A route that ends with a name in braces, as `/predictions/{key}`, takes all paths that begin like it.

    While the service drains, each answer closes its connection, so that clients come back elsewhere and none
    is cut off.
    """

    def __init__(
        self,
        endpoints: Mapping[str, tuple[str, Endpoint]],
        lifespan: Callable[[], AbstractAsyncContextManager[None]],
        put: Put,
        state: State,
    ) -> None:
        self._endpoints, self._lifespan, self._put, self._state = dict(endpoints), lifespan, put, state
        self._prefixes = {route.partition("{")[0]: route for route in endpoints if "{" in route}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                await self._http(scope, receive, send)
            finally:
                self._state.answered += 1
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_ns, clock = time.time_ns(), time.perf_counter_ns()
        headers: Headers = dict(scope["headers"])
        method, path = scope["method"], scope["path"]
        route, rest = self._route(path)
        endpoint = self._endpoints.get(route)
        record = begun(method, route, headers, started_ns)
        request_id = record.request_id
        more: list[tuple[bytes, bytes]] = []
        try:
            answered = await self._endpoint(method, path, endpoint)(
                Request(headers, receive, record, rest=rest)
            )
            if isinstance(answered, Other):
                body, content_type = answered.body, (b"content-type", answered.content_type)
            else:
                body, content_type = answered, _JSON
        except Problem as problem:
            record.status, record.problem = problem.kind.status, problem.kind.name
            body, content_type = problem.body(request_id), _PROBLEM
            more = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
        except Exception:
            log.exception("a request failed", extra={"request_id": request_id})
            record.status, record.problem = INTERNAL.status, INTERNAL.name
            body = Problem(INTERNAL, "the failure was logged under this request's id").body(request_id)
            content_type = _PROBLEM
        traceparent = record.trace.traceparent.encode()
        answer = [
            content_type,
            (b"content-length", b"%d" % len(body)),
            *more,
            (b"x-request-id", request_id.encode()),
            (b"traceparent", traceparent),
            (b"traceresponse", traceparent),
        ]
        if self._state.draining:
            answer.append(_CLOSE)
        await send({"type": "http.response.start", "status": record.status, "headers": answer})
        await send({"type": "http.response.body", "body": body})
        record.duration_ns = time.perf_counter_ns() - clock
        self._put([record])

    def _route(self, path: str) -> tuple[str, str]:
        """The route as telemetry tells it, which holds no word of a caller's, and what follows its prefix."""
        if path in self._endpoints:
            return path, ""
        for prefix, route in self._prefixes.items():
            if path.startswith(prefix) and len(path) > len(prefix):
                return route, path[len(prefix) :]
        return UNKNOWN_ROUTE, ""

    def _endpoint(self, method: str, path: str, found: tuple[str, Endpoint] | None) -> Endpoint:
        if found is None:
            raise Problem(NOT_FOUND, f"{method} {path}")
        allowed, endpoint = found
        if method != allowed and not (method == "HEAD" and allowed == "GET"):
            allow = "GET, HEAD" if allowed == "GET" else allowed
            raise Problem(METHOD_NOT_ALLOWED, f"{method} {path}", {"allow": allow})
        return endpoint

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self._lifespan():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception:
            log.exception("the service could not be started or stopped")
            raise
        await send({"type": "lifespan.shutdown.complete"})
