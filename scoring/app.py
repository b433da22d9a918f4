"""The HTTP interface: routes, authentication, limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from scoring import problems
from scoring.authentication import Authenticator
from scoring.encode import ContractError, TooManyRowsError
from scoring.gate import Gate, context_of
from scoring.openapi import document
from scoring.problems import Problem
from scoring.scorer import Batch, Scorer
from scoring.settings import Limits
from scoring.telemetry import Telemetry

log = logging.getLogger(__name__)

SYNTHETIC_HEADER = "x-synthetic"  # "true": rows of a test, which say nothing about drift
INLINE_ROWS = 128  # more rows than that are scored in a thread, so that the event loop stays free
TELEMETRY_FLUSH_SECONDS = 8.0


@dataclass(slots=True)
class State:
    """What changes while the service runs; only the event loop's thread touches it."""

    draining: bool = False
    in_flight: int = 0


class Service:
    """The endpoints. Create one for each process."""

    def __init__(
        self, scorer: Scorer, authenticator: Authenticator, telemetry: Telemetry, limits: Limits
    ) -> None:
        self._scorer, self._authenticator, self._telemetry, self._limits = (
            scorer,
            authenticator,
            telemetry,
            limits,
        )
        self._openapi = orjson.dumps(document(scorer.artifact, limits))
        self.state = State()

    def application(self) -> ASGIApp:
        endpoints: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
            "/healthz": ("GET", self.healthz),
            "/readyz": ("GET", self.readyz),
            "/openapi.json": ("GET", self.openapi),
            "/drift": ("GET", self.drift),
            "/score": ("POST", self.score),
        }
        router = Router(  # not Starlette: its own error middleware would answer before the gate does
            routes=[Route(path, handler, methods=[method]) for path, (method, handler) in endpoints.items()],
            redirect_slashes=False,
            lifespan=self._lifespan,
        )
        return Gate(router, self._telemetry.put, frozenset(endpoints))

    @contextlib.asynccontextmanager
    async def _lifespan(self, application: Router) -> AsyncGenerator[None]:
        self._telemetry.start()
        self._scorer.monitor.start()
        keys = asyncio.create_task(self._authenticator.run())
        yield
        self.state.draining = True
        keys.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keys
        await asyncio.to_thread(self._scorer.monitor.stop)
        if not await asyncio.to_thread(self._telemetry.stop, TELEMETRY_FLUSH_SECONDS):
            log.warning("telemetry was not flushed in time", extra={"seconds": TELEMETRY_FLUSH_SECONDS})

    async def healthz(self, request: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        self._refuse_unless_ready()
        return _json({"status": "ready", "model": self._scorer.model})

    async def openapi(self, request: Request) -> Response:
        return Response(self._openapi, media_type="application/json")

    async def drift(self, request: Request) -> Response:
        """The latest report, and the window's counts now: those of several replicas add up."""
        await self._authenticate(request)
        window = self._scorer.monitor.snapshot().to_json(self._scorer.artifact.drift)
        report = orjson.Fragment(self._scorer.monitor.report.json)
        return _json({"report": report, "window": window, "model": self._scorer.model})

    async def score(self, request: Request) -> Response:
        self._refuse_unless_ready()
        await self._authenticate(request)
        if self.state.in_flight >= self._limits.in_flight:
            detail = f"{self.state.in_flight} requests are being answered; come again"
            raise Problem(problems.TOO_MANY_REQUESTS, detail, {"retry-after": "1"})
        self.state.in_flight += 1
        try:
            return await self._scored(request)
        finally:
            self.state.in_flight -= 1

    async def _scored(self, request: Request) -> Response:
        deadline = asyncio.get_running_loop().time() + self._limits.seconds
        payload = _parsed(await self._body(request, deadline))
        try:
            matrix = self._scorer.encode(payload)
        except ContractError as error:
            more = {"errors": [item.to_json() for item in error.errors], "more_errors": error.more}
            raise Problem(problems.CONTRACT, str(error), more=more) from error
        except TooManyRowsError as error:
            raise Problem(problems.TOO_LARGE, str(error)) from error
        real = request.headers.get(SYNTHETIC_HEADER, "").lower() not in ("true", "1")
        batch: Batch
        if len(matrix) <= INLINE_ROWS:
            batch = self._scorer.score(matrix, real)
        else:
            try:
                async with asyncio.timeout_at(deadline):
                    batch = await asyncio.to_thread(self._scorer.score, matrix, real)
            except TimeoutError as error:
                detail = f"no answer within {self._limits.seconds:g} s"
                raise Problem(problems.OVERLOADED, detail, {"retry-after": "2"}) from error
        context = context_of(request.scope)
        context.batch, context.drift_status = batch, self._scorer.monitor.report.status
        return Response(self._scorer.answer(batch, context.request_id), media_type="application/json")

    async def _body(self, request: Request, deadline: float) -> bytes:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem(problems.UNSUPPORTED_TYPE, f"found {media_type or 'no content-type'!r}")
        limit = self._limits.body_bytes
        stated = request.headers.get("content-length", "0")
        if stated.isdecimal() and int(stated) > limit:
            raise Problem(problems.TOO_LARGE, f"{stated} bytes, at most {limit} are taken")
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout_at(deadline):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > limit:
                        raise Problem(problems.TOO_LARGE, f"more than the {limit} bytes that are taken")
                    chunks.append(chunk)
        except TimeoutError as error:
            detail = f"{size} bytes in {self._limits.seconds:g} s"
            raise Problem(problems.REQUEST_TIMEOUT, detail, {"connection": "close"}) from error
        except ClientDisconnect as error:
            raise Problem(problems.REQUEST_TIMEOUT, "the connection was closed") from error
        return b"".join(chunks)

    async def _authenticate(self, request: Request) -> None:
        if not await self._authenticator.allows(request.headers.get("authorization")):
            detail = "send the header 'authorization: Bearer KEY'"
            raise Problem(problems.UNAUTHORIZED, detail, {"www-authenticate": 'Bearer realm="scoring"'})

    def _refuse_unless_ready(self) -> None:
        if self.state.draining:
            raise Problem(problems.UNAVAILABLE, "the service is stopping", {"retry-after": "1"})
        if not self._authenticator.ready():
            detail = "the callers' key could not be read from Key Vault yet; the log says why"
            raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "5"})


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(problems.INVALID_JSON, str(error)) from error


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
