"""The HTTP interface: endpoints, authentication, limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import orjson

from scoring import arrow
from scoring.arrow.messages import ArrowError
from scoring.http import problems
from scoring.http.asgi import Headers
from scoring.http.authentication import Authenticator
from scoring.http.body import MEDIA_TYPE, media_type, parsed, read
from scoring.http.descriptors import Descriptors
from scoring.http.direct import Ask, Direct
from scoring.http.explaining import Explaining
from scoring.http.gate import Endpoint, Gate, Other
from scoring.http.inflight import InFlight, running
from scoring.http.openapi import document
from scoring.http.problems import Problem, too_many
from scoring.http.requests import Request, State
from scoring.kept import keys
from scoring.kept.keys import Keys
from scoring.kept.part import Answered
from scoring.kept.writer import Keeper
from scoring.model.artifact import ArtifactError
from scoring.model.defects import ContractError, TooManyRowsError
from scoring.precomputed import answer as precomputed
from scoring.precomputed.lookups import Lookups
from scoring.scorer import Batch, Scorer, joined
from scoring.settings import Limits
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.queue import Telemetry
from scoring.worker import BEAT_SECONDS, Place

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Made = TypeVar("Made")
SYNTHETIC_HEADER: Final = b"x-synthetic"  # "true" marks rows of a test, which do not count for drift
INLINE_ROWS: Final = 64  # a thread scores requests of more rows, so that the event loop stays free
# A service that ends just after its start first has to load what sends telemetry, which takes seconds.
TELEMETRY_FLUSH_SECONDS: Final = 12.0
KEEPER_FLUSH_SECONDS: Final = 6.0  # of these: the first write takes a token and a connection
LOOKUPS_SECONDS: Final = 1.0  # for look-ups under way when the service ends: nobody waits for them any more


class Service:
    """The endpoints. Create one for each process."""

    def __init__(
        self,
        scorer: Scorer,
        authenticator: Authenticator,
        telemetry: Telemetry,
        limits: Limits,
        place: Place | None = None,
        keeper: Keeper | None = None,
        lookups: Lookups | None = None,
    ) -> None:
        self._scorer, self._authenticator, self._telemetry, self._limits = (
            scorer,
            authenticator,
            telemetry,
            limits,
        )
        self._place, self._keeper, self._lookups = place, keeper, lookups
        self._evaluator = scorer.evaluator.to_json()
        self._openapi = orjson.dumps(document(scorer.artifact, limits))
        self.scoring = InFlight(limits.in_flight, limits.seconds)
        # One thread for each kind of work: one core scores rows, and no explanation delays them.
        self._large = ThreadPoolExecutor(1, "scoring")
        self._explaining = Explaining(scorer, limits.explain_rows)
        self.explaining = InFlight(limits.explain_in_flight, limits.seconds)
        self._explainer = ThreadPoolExecutor(1, "explaining")
        self.state = State()
        self._descriptors = Descriptors(self.state, telemetry.put_count)
        self.direct = Direct(self.state, limits.queued, self, telemetry.put)

    def application(self) -> Gate:
        return Gate(self.endpoints(), self._lifespan, self._telemetry.put, self.state)

    def endpoints(self) -> dict[str, tuple[str, Endpoint]]:
        """By path, the method and what answers."""
        return {
            "/healthz": ("GET", self.healthz),
            "/readyz": ("GET", self.readyz),
            "/openapi.json": ("GET", self.openapi),
            "/drift": ("GET", self.drift),
            "/score": ("POST", self.score),
            "/explain": ("POST", self.explain),
            precomputed.PATH: ("GET", self.prediction),
        }

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncGenerator[None]:
        self._telemetry.start()
        self._scorer.monitor.start()
        if self._keeper is not None:
            self._keeper.start()
        keys, ready = self._authenticator.run(), self._say_ready()
        beside = keys, ready, self._beat(), self._descriptors.watch()
        async with running(*beside, self.scoring.watch(), self.explaining.watch()):
            yield
            self.state.draining = True
        for pool in (self._large, self._explainer):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._lookups is not None:
            await asyncio.to_thread(self._lookups.close, LOOKUPS_SECONDS)
        await asyncio.to_thread(self._scorer.monitor.stop)
        # Before telemetry, which then tells of the rows that were not kept.
        end = time.monotonic() + TELEMETRY_FLUSH_SECONDS
        if self._keeper is not None and not await asyncio.to_thread(self._keeper.stop, KEEPER_FLUSH_SECONDS):
            log.warning("answered rows were not written in time", extra={"seconds": KEEPER_FLUSH_SECONDS})
        seconds = max(end - time.monotonic(), 0.0)
        if not await asyncio.to_thread(self._telemetry.stop, seconds):
            log.warning("telemetry was not flushed in time", extra={"seconds": round(seconds, 1)})

    async def _say_ready(self) -> None:
        """Tell the other workers of this container that this one passed its self-test and has the key."""
        while not self._authenticator.ready():
            await asyncio.sleep(0.1)
        if self._place is not None:
            self._place.say_ready()

    async def _beat(self) -> None:
        """Tell the supervisor and the other workers, again and again, that this event loop runs."""
        while self._place is not None:
            self._place.beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def healthz(self, request: Request) -> bytes:
        return b'{"status":"alive"}'

    async def readyz(self, request: Request) -> bytes:
        if self.state.draining:
            raise Problem(problems.UNAVAILABLE, "the service is stopping", {"retry-after": "1"})
        self._refuse_without_key()
        if self._place is not None and (late := self._place.not_ready()):
            detail = "; ".join(f"worker {number} {why}" for number, why in late.items())
            raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "1"})
        return orjson.dumps({"status": "ready", "model": self._scorer.model, "evaluator": self._evaluator})

    async def openapi(self, request: Request) -> bytes:
        return self._openapi

    async def drift(self, request: Request) -> bytes:
        """The latest report, and the window's counts of this moment, which can be added up over replicas."""
        self._authenticate(request)
        window = self._scorer.monitor.snapshot().to_json(self._scorer.artifact.drift)
        report = orjson.Fragment(self._scorer.monitor.report.json)
        return orjson.dumps({"report": report, "window": window, "model": self._scorer.model})

    async def score(self, request: Request) -> bytes | Other:
        if (pending := self.state.begun()) > self._limits.in_flight:  # refuse before the request costs more
            raise too_many(pending)
        self._refuse_without_key()
        self._authenticate(request)
        return await self.scoring.run(self._scored(request), lambda: self._overdue(request))

    async def explain(self, request: Request) -> bytes:
        self._refuse_without_key()
        self._authenticate(request)
        return await self.explaining.run(self._explained(request), lambda: self._overdue(request))

    async def prediction(self, request: Request) -> bytes:
        """What a batch has predicted for a key; the model is not asked, and drift does not notice."""
        self._refuse_without_key()
        self._authenticate(request)
        return await precomputed.found(self._lookups, request.rest, request.record.request_id)

    async def _explained(self, request: Request) -> bytes:
        payload = parsed(await read(request, self._limits.body_bytes))
        return await self._explain_rows(self._explaining, payload, request.record.request_id)

    async def _explain_rows(self, explaining: Explaining, payload: object, request_id: str) -> bytes:
        matrix = encoded(payload, explaining.encode)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._explainer, explaining.body, matrix, request_id)
        except ArtifactError as error:  # MODEL_DIR changed before the first explanation
            log.error("the model's explanation cannot be read", extra={"reason": str(error)})
            detail = "what explains the model that is served is no longer in its place; the log says more"
            raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "60"}) from error

    async def _scored(self, request: Request) -> bytes | Other:
        body = await read(request, self._limits.body_bytes, (MEDIA_TYPE, arrow.MEDIA_TYPE))
        if media_type(request) == arrow.MEDIA_TYPE:
            named = self._scorer.artifact.schema.names
            payload, given = keys.from_columns(await self._from_arrow(body), named)
            pointer = keys.COLUMN_POINTER
        else:
            payload, given = keys.split(parsed(body))
            pointer = keys.POINTER
        matrix = encoded(payload, self._scorer.encode)
        known = encoded(given, lambda found: keys.checked(found, len(matrix), pointer))
        real = is_real(request.headers)
        if len(matrix) <= INLINE_ROWS:
            batch = self._scorer.score(matrix, real)
        else:
            loop = asyncio.get_running_loop()
            batch = await loop.run_in_executor(self._large, self._scorer.score, matrix, real)
        if real and self._keeper is not None:
            self._keeper.put(_answered([request.record.request_id], [batch.rows], batch, known))
        if wants_arrow(request.headers):
            return await self._as_arrow(batch, request.record, self._scorer)
        return self._body(batch, request.record)

    async def _from_arrow(self, body: bytes) -> object:
        """The payload of an Arrow stream, read in a thread, as many rows are."""
        from scoring.arrow.reading import payload

        loop = asyncio.get_running_loop()
        rows = self._limits.rows
        try:
            return await loop.run_in_executor(
                self._large, lambda: encoded(body, lambda content: payload(content, rows))
            )
        except ArrowError as error:
            raise Problem(problems.INVALID_ARROW, str(error)) from error

    async def _as_arrow(self, batch: Batch, record: RequestRecord, scorer: Scorer) -> Other:
        from scoring.arrow.writing import answer

        record.batch, record.drift_status = batch, scorer.monitor.report.status
        metadata = scorer.metadata(record.request_id)
        loop = asyncio.get_running_loop()
        return Other(arrow.MEDIA_TYPE, await loop.run_in_executor(self._large, answer, batch, metadata))

    def ask(self, headers: Headers, body: bytes, record: RequestRecord) -> Ask | None:
        """What a request asks for that can be answered directly; None when it is large or has a defect."""
        if not self._authenticator.knows(headers.get(b"authorization")):
            return None
        if headers.get(b"content-type") != MEDIA_TYPE or len(body) > self._limits.body_bytes:
            return None
        if wants_arrow(headers):
            return None
        try:
            payload, given = keys.split(orjson.loads(body))
            matrix = self._scorer.encode(payload)
            known = keys.checked(given, len(matrix))
        except (orjson.JSONDecodeError, ContractError, TooManyRowsError):
            return None  # the usual way reads it again and says what is wrong
        return Ask(record, matrix, is_real(headers), known) if len(matrix) <= INLINE_ROWS else None

    def bodies(self, asks: list[Ask]) -> list[bytes]:
        matrices = [ask.matrix for ask in asks]
        together, sizes = joined(matrices), list(map(len, matrices))
        judged = self._scorer.judge(together)
        batches = judged.split(sizes)
        bodies = [self._body(batch, ask.record) for batch, ask in zip(batches, asks, strict=True)]
        # Counted last: if anything above fails, the requests go the usual way, which counts them.
        if real := [ask.matrix for ask in asks if ask.real]:
            self._scorer.monitor.observe(together if len(real) == len(asks) else joined(real))
            if self._keeper is not None:
                self._keep(self._keeper, asks, judged if len(real) == len(asks) else None, sizes)
        return bodies

    def _keep(self, keeper: Keeper, asks: list[Ask], judged: Batch | None, sizes: list[int]) -> None:
        """Keep the rows of callers; `judged`: all rows of all requests, when none of them is a test's."""
        if judged is None:
            for ask in asks:
                if ask.real and (batch := ask.record.batch) is not None:
                    keeper.put(_answered([ask.record.request_id], [batch.rows], batch, ask.keys))
            return
        known: Keys | None = None
        if any(ask.keys for ask in asks):
            known = [key for ask in asks for key in ask.keys or [None] * len(ask.matrix)]
        keeper.put(_answered([ask.record.request_id for ask in asks], sizes, judged, known))

    def _body(self, batch: Batch, record: RequestRecord) -> bytes:
        record.batch, record.drift_status = batch, self._scorer.monitor.report.status
        return self._scorer.body(batch, record.request_id)

    def _overdue(self, request: Request) -> Problem:
        seconds = self._limits.seconds
        if request.complete:
            detail = f"no answer within {seconds:g} s"
            return Problem(problems.OVERLOADED, detail, {"retry-after": "2"})
        detail = f"the body was not complete within {seconds:g} s"
        return Problem(problems.REQUEST_TIMEOUT, detail, {"connection": "close"})

    def _authenticate(self, request: Request) -> None:
        authorization = request.headers.get(b"authorization")
        if self._authenticator.knows(authorization):
            return
        if self._authenticator.may_be_new(authorization):
            detail = "the key is not the known one, and the callers' key is being read anew; come again"
            raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "1"})
        detail = "send the header 'authorization: Bearer KEY'"
        raise Problem(problems.UNAUTHORIZED, detail, {"www-authenticate": 'Bearer realm="scoring"'})

    def _refuse_without_key(self) -> None:
        if not self._authenticator.ready():
            detail = (
                "no callers' key: Key Vault could not be read yet, or has none any more; the log says why"
            )
            raise Problem(problems.UNAVAILABLE, detail, {"retry-after": "5"})


def _answered(requests: list[str], sizes: list[int], batch: Batch, known: Keys | None) -> Answered:
    return Answered(time.time_ns() // 1_000, requests, sizes, batch, known)


def is_real(headers: Headers) -> bool:
    """Whether these are rows of a caller, not of a test."""
    synthetic = headers.get(SYNTHETIC_HEADER)
    return synthetic is None or synthetic.lower() not in (b"true", b"1")


def wants_arrow(headers: Headers) -> bool:
    """Whether the caller accepts an Arrow stream by name."""
    accepted = headers.get(b"accept")
    return accepted is not None and arrow.MEDIA_TYPE in accepted.lower()


def encoded(payload: Item, encode: Callable[[Item], Made]) -> Made:
    """What the encoder, or the reader of Arrow, makes of a payload. Raises Problem."""
    try:
        return encode(payload)
    except ContractError as error:
        more = {"errors": [item.to_json() for item in error.errors], "more_errors": error.more}
        raise Problem(problems.CONTRACT, str(error), more=more) from error
    except TooManyRowsError as error:
        raise Problem(problems.TOO_LARGE, str(error)) from error
