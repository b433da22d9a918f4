"""The endpoints of a fleet: those of one model, with the member's model in place of it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import orjson

from scoring import arrow
from scoring.fleet import asked
from scoring.fleet.members import Members
from scoring.fleet.openapi import document
from scoring.fleet.watch import Watch
from scoring.http import problems
from scoring.http.app import INLINE_ROWS, Service, encoded, is_real, wants_arrow
from scoring.http.asgi import Headers
from scoring.http.authentication import Authenticator
from scoring.http.body import MEDIA_TYPE, media_type, parsed, read
from scoring.http.direct import Ask
from scoring.http.explaining import Explaining
from scoring.http.gate import Endpoint, Other
from scoring.http.problems import Problem
from scoring.http.requests import Request
from scoring.kept import keys
from scoring.logs import SELF_TEST_PASSED
from scoring.model.defects import ContractError, TooManyRowsError
from scoring.monitor import Pace
from scoring.precomputed.lookups import Lookups
from scoring.scorer import Batch, Scorer, joined
from scoring.settings import Limits
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.queue import Telemetry
from scoring.worker import Place

log = logging.getLogger(__name__)

EXPLAINERS = 8  # that are kept: each takes the time of reading a file to make anew


@dataclass(slots=True)
class MemberAsk(Ask):
    """A request without defect, for a member whose scorer is in memory."""

    scorer: Scorer


class FleetService(Service):
    """Create one for each process. What a request costs beside one model's is a look into a dictionary."""

    def __init__(
        self,
        members: Members,
        authenticator: Authenticator,
        telemetry: Telemetry,
        limits: Limits,
        pace: Pace,
        place: Place | None = None,
        lookups: Lookups | None = None,
        *,
        preload: bool = True,
    ) -> None:
        super().__init__(members.pooled, authenticator, telemetry, limits, place, None, lookups)
        self.members = members
        self._waiting = list(members.own()) if preload else []
        self._preloaded = not self._waiting
        self._loading = ThreadPoolExecutor(1, "fleet")
        self._loads: dict[str, asyncio.Task[Scorer]] = {}
        self._watch = Watch(members.monitors, pace, members.spoken)
        self._openapi = orjson.dumps(document(members.pooled.artifact, limits, members.fleet))

        def explaining(scorer: Scorer) -> Explaining:
            return Explaining(scorer, limits.explain_rows)

        self._explaining_of = lru_cache(EXPLAINERS)(explaining)

    def endpoints(self) -> dict[str, tuple[str, Endpoint]]:
        return {**super().endpoints(), "/fleet": ("GET", self.fleet)}

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncGenerator[None]:
        self._watch.start()
        reading = asyncio.create_task(self._preload())
        try:
            async with super()._lifespan():
                yield
        finally:
            reading.cancel()
            self._loading.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(self._watch.stop)

    async def _preload(self) -> None:
        """Read models until memory is full, or all are there; nobody's request waits for more than one."""
        members = self.members
        for key in self._waiting:
            before = len(members.resident)
            if members.find(key) is None:
                broken = members.is_fallback(await self._loaded(key))
                if not broken and len(members.resident) <= before:  # memory is full
                    break
        if self._waiting:
            gc.collect()
            gc.freeze()  # as after the start: these objects stay
        self._preloaded = True
        # A deployment waits for this line, also of a fleet that reads nothing beforehand.
        log.info(SELF_TEST_PASSED, extra={"models": len(members.resident), "bytes": members.resident.bytes})

    async def _say_ready(self) -> None:
        while not self._preloaded:
            await asyncio.sleep(0.1)
        await super()._say_ready()

    async def readyz(self, request: Request) -> bytes:
        if not self._preloaded:
            there = f"{len(self.members.resident)} of {len(self._waiting)} models are read"
            raise Problem(problems.UNAVAILABLE, there, {"retry-after": "2"})
        return await super().readyz(request)

    async def fleet(self, request: Request) -> bytes:
        """Which model answers for which member, and what is in memory."""
        self._authenticate(request)
        return orjson.dumps(self.members.to_json())

    # Which scorer answers

    async def _scorer_of(self, key: str | None) -> Scorer:
        """The scorer of a member, read when it is not in memory. Raises Problem for a key that is none."""
        if (found := self.members.find(key)) is not None:
            return found
        key = cast("str", key)
        if self.members.knows(key):
            return await self._loaded(key)
        if self.members.fleet.unknown == "pooled":
            return self.members.stranger(key)
        raise Problem(problems.UNKNOWN_MEMBER, f"{key!r} is no member of the fleet {self.members.fleet.name}")

    async def _loaded(self, key: str) -> Scorer:
        """Read a model in the thread for it, once for all requests that wait for it."""
        if (task := self._loads.get(key)) is None:
            task = self._loads[key] = asyncio.create_task(self._load(key))
            task.add_done_callback(lambda _: self._loads.pop(key, None))
        return await asyncio.shield(task)  # a request that is overdue ends without the others

    async def _load(self, key: str) -> Scorer:
        loop = asyncio.get_running_loop()
        try:
            loaded = await loop.run_in_executor(self._loading, self.members.load, key)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this member's alone, and is told
            return self.members.give_up(key, error)
        left = self.members.keep(key, loaded)
        put = self._telemetry.put_count
        put("fleet_loaded", 1)
        put("fleet_bytes", loaded.size)
        if left:
            put("fleet_left", len(left))
            put("fleet_bytes_left", sum(left.values()))
        return loaded.scorer

    # The usual way

    async def _scored(self, request: Request) -> bytes | Other:
        body = await read(request, self._limits.body_bytes, (MEDIA_TYPE, arrow.MEDIA_TYPE))
        if media_type(request) == arrow.MEDIA_TYPE:
            rows, key = encoded(
                await self._from_arrow(body), lambda found: asked.split(request.headers, found)
            )
            payload, given = keys.from_columns(rows, self._scorer.artifact.schema.names)
            pointer = keys.COLUMN_POINTER
        else:
            rows, key = encoded(parsed(body), lambda found: asked.split(request.headers, found))
            payload, given = keys.split(rows)
            pointer = keys.POINTER
        scorer = await self._scorer_of(key)
        matrix = encoded(payload, scorer.encode)
        encoded(given, lambda found: keys.checked(found, len(matrix), pointer))
        real = is_real(request.headers)
        if len(matrix) <= INLINE_ROWS:
            batch = scorer.score(matrix, real)
        else:
            loop = asyncio.get_running_loop()
            batch = await loop.run_in_executor(self._large, scorer.score, matrix, real)
        if self.members.is_fallback(scorer):
            self._telemetry.put_count("fleet_fallback", 1)
        if wants_arrow(request.headers):
            self._name(request.record, scorer)
            return await self._as_arrow(batch, request.record, scorer)
        return self._body_of(scorer, batch, request.record)

    async def _explained(self, request: Request) -> bytes:
        payload = parsed(await read(request, self._limits.body_bytes))
        rows, key = encoded(payload, lambda found: asked.split(request.headers, found))
        explaining = self._explaining_of(await self._scorer_of(key))
        return await self._explain_rows(explaining, rows, request.record.request_id)

    # The direct way

    def ask(self, headers: Headers, body: bytes, record: RequestRecord) -> Ask | None:
        if not self._authenticator.knows(headers.get(b"authorization")):
            return None
        if headers.get(b"content-type") != MEDIA_TYPE or len(body) > self._limits.body_bytes:
            return None
        if wants_arrow(headers):
            return None
        try:
            rows, key = asked.split(headers, orjson.loads(body))
            if (scorer := self.members.find(key)) is None:
                return None  # the usual way reads its model, or says that there is none
            payload, given = keys.split(rows)
            matrix = scorer.encode(payload)
            known = keys.checked(given, len(matrix))
        except (orjson.JSONDecodeError, ContractError, TooManyRowsError):
            return None  # the usual way reads it again and says what is wrong
        if len(matrix) > INLINE_ROWS:
            return None
        return MemberAsk(record, matrix, is_real(headers), known, scorer)

    def bodies(self, asks: list[Ask]) -> list[bytes]:
        together: dict[int, list[int]] = {}  # by the scorer: which requests are its
        of_members = cast("list[MemberAsk]", asks)
        for number, ask in enumerate(of_members):
            together.setdefault(id(ask.scorer), []).append(number)
        batches: list[Any] = [None] * len(asks)
        for numbers in together.values():
            if len(numbers) == 1:  # most members, where there are many
                ask = of_members[numbers[0]]
                batches[numbers[0]] = ask.scorer.judge(ask.matrix)
                continue
            matrices = [asks[number].matrix for number in numbers]
            judged = of_members[numbers[0]].scorer.judge(joined(matrices))
            for number, batch in zip(numbers, judged.split(list(map(len, matrices))), strict=True):
                batches[number] = batch
        pairs = zip(of_members, batches, strict=True)
        found = [self._body_of(ask.scorer, batch, ask.record) for ask, batch in pairs]
        # Counted last: if anything above fails, the requests go the usual way, which counts them.
        fallbacks = 0
        for ask in of_members:
            if ask.real:
                ask.scorer.monitor.observe(ask.matrix)
            fallbacks += self.members.is_fallback(ask.scorer)
        if fallbacks:
            self._telemetry.put_count("fleet_fallback", fallbacks)
        return found

    def _body_of(self, scorer: Scorer, batch: Batch, record: RequestRecord) -> bytes:
        record.batch, record.drift_status = batch, scorer.monitor.report.status
        self._name(record, scorer)
        return scorer.body(batch, record.request_id)

    def _name(self, record: RequestRecord, scorer: Scorer) -> None:
        """Let events say whose model answered: their rows are those of many."""
        if self.members.named:
            record.member = scorer.model["member"]
