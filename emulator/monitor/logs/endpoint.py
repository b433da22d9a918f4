"""`api.loganalytics.io` and `api.applicationinsights.io`: queries over HTTP, one or several at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.monitor.database import Database
from emulator.monitor.kql import engine
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.logs import answers
from emulator.monitor.logs.access import Logs, Target
from emulator.monitor.logs.answers import LogsError
from emulator.monitor.logs.rows import LAG_S, Rows, Span
from emulator.monitor.logs.spans import span
from emulator.principal import Principal

HOSTS: Final = (
    "api.loganalytics.io",
    "api.loganalytics.azure.com",
    "api.applicationinsights.io",
    "api.applicationinsights.azure.com",
)
MOST_BATCH: Final = 100
"""Queries in one batch; from memory."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with what goes with it. workspaces: further ones. prefer: the words of the header."""

    query: str
    timespan: str
    workspaces: tuple[str, ...]
    prefer: str


class Queries:
    """Answers queries over the telemetry."""

    def __init__(
        self,
        logs: Logs,
        database: Database,
        lag_s: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """lag_s: seconds that rows take, beyond those that they always take. before: called before each."""
        self._logs, self._database, self._lag_s, self._now = logs, database, lag_s, now
        self._before = before

    def handle(self, request: Request) -> Response:
        """One request."""
        path = [segment for segment in request.path.split("/") if segment]
        if not path or path[0] not in ("v1", "beta"):
            raise LogsError(404, "PathNotFoundError", "The requested path does not exist")
        if request.method == "POST" and path[1:] == ["$batch"]:
            return self._batch(request)
        if request.method not in ("GET", "POST") or path[-1] != "query":
            raise NotEmulated(f"queries of logs: {request.describe()}")
        asked = _asked(request.object("query"), request) if request.method == "POST" else _of_url(request)
        principal = self._logs.principal(request)
        return Response.json(self._answer(request, principal, path[1:-1], asked))

    def run(self, target: Target, query: str, within: Span, now: int) -> engine.Answer:
        """The answer of a query at a time; the faults of its text as Azure tells them."""
        self._before()
        rows = Rows(
            self._database,
            target.tenants,
            now,
            LAG_S + self._lag_s(),
            span=within,
            resource=target.resource,
            classic=target.classic,
        )
        try:
            return engine.run(query, rows, now)
        except (QueryFault, Unsupported) as fault:
            raise answers.refusal(query, fault) from fault

    def _answer(self, request: Request, principal: Principal, path: list[str], asked: Asked) -> Json:
        started = time.perf_counter()
        target = self._target(request, principal, path)
        for one in asked.workspaces:
            more = self._logs.workspace(request, principal, one)
            target = Target((*target.tenants, *more.tenants), target.resource, target.classic)
        now = ticks_of(self._now())
        try:
            within = span(asked.timespan, now)
        except ValueError as error:
            words = {"code": "InvalidTimespan", "message": f"timespan: {error}"}
            raise LogsError(400, "BadArgumentError", answers.INVALID, words) from error
        answer = self.run(target, asked.query, within, now)
        statistics = None
        if "include-statistics=true" in asked.prefer:
            counts = [{"rowCount": len(one.rows)} for one in answer.tables]
            statistics = {
                "query": {"executionTime": time.perf_counter() - started, "datasetStatistics": counts}
            }
        return answers.body(answer, render="include-render=true" in asked.prefer, statistics=statistics)

    def _target(self, request: Request, principal: Principal, path: list[str]) -> Target:
        match path:
            case ["workspaces", wanted]:
                return self._logs.workspace(request, principal, wanted)
            case ["apps", app_id]:
                return self._logs.application(request, principal, app_id)
            case ["subscriptions", *_]:
                return self._logs.resource(request, principal, f"/{'/'.join(path)}")
            case _:
                raise LogsError(404, "PathNotFoundError", "The requested path does not exist")

    def _batch(self, request: Request) -> Response:
        principal = self._logs.principal(request)
        given = request.object("requests")["requests"]
        if not isinstance(given, list) or len(cast("list[Any]", given)) > MOST_BATCH:
            raise LogsError(400, "BadArgumentError", f"requests: a list of at most {MOST_BATCH} is needed")
        return Response.json(
            {"responses": [self._one(request, principal, one) for one in cast("list[Any]", given)]}
        )

    def _one(self, request: Request, principal: Principal, given: Any) -> Json:
        """A part of a batch: its error is its own."""
        one: Json = cast("Json", given) if isinstance(given, dict) else {}
        try:
            if one.get("path", "/query") != "/query" or one.get("method", "POST") not in ("POST", "GET"):
                raise NotEmulated(f"a batch with {one.get('method')} {one.get('path')}")
            body, headers = one.get("body"), one.get("headers")
            asked = _asked(cast("Json", body) if isinstance(body, dict) else {}, request)
            prefer = cast("Json", headers).get("Prefer", "") if isinstance(headers, dict) else ""
            asked = Asked(asked.query, asked.timespan, asked.workspaces, str(prefer))
            found = self._answer(request, principal, ["workspaces", str(one.get("workspace", ""))], asked)
            return {"id": one.get("id"), "status": 200, "headers": {}, "body": found}
        except AzureError as error:
            return {"id": one.get("id"), "status": error.status, "headers": {}, "body": error.body()}


def _asked(body: Json, request: Request) -> Asked:
    query = body.get("query")
    if not isinstance(query, str) or not query.strip():
        words = {"code": "MissingQuery", "message": "query: a text is needed"}
        raise LogsError(400, "BadArgumentError", answers.INVALID, words)
    more = body.get("workspaces") or []
    return Asked(
        query,
        str(body.get("timespan") or request.query.get("timespan", "")),
        tuple(str(one) for one in cast("list[Any]", more)) if isinstance(more, list) else (str(more),),
        request.headers.get("prefer", ""),
    )


def _of_url(request: Request) -> Asked:
    return _asked({"query": request.query.get("query")}, request)
