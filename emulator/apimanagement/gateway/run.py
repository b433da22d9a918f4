"""One request on its way through the sections of its policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.apimanagement.gateway.answers import answer
from emulator.apimanagement.gateway.backends import Backend
from emulator.apimanagement.gateway.configuration import Configuration
from emulator.apimanagement.gateway.failures import Failure
from emulator.apimanagement.gateway.parts import Parts
from emulator.apimanagement.gateway.plans import Plan, Step
from emulator.apimanagement.gateway.routing import Route
from emulator.apimanagement.policies.context import Context, Headers, LastError, Request, Response, Url
from emulator.apimanagement.policies.errors import EvaluationFailure


class Returned(Exception):
    """A policy has answered: no section runs any more."""


@dataclass(slots=True)
class Sent:
    """What was sent to a backend, for telemetry. status: 0 without an answer."""

    backend: str
    url: str
    method: str
    started: float
    seconds: float
    status: int
    kind: str = "Backend"
    id: str = ""


@dataclass(slots=True)
class Run:
    """base: where the request goes, None until the API or a policy says it. rest: path after that, with its
    leading slash. at_end: what is done once the answer stands (counters that look at it)."""

    context: Context
    configuration: Configuration
    parts: Parts
    route: Route | None = None
    section: str = "inbound"
    base: Url | None = None
    rest: str = "/"
    backend: Backend | None = None
    sent: list[Sent] = field(default_factory=list[Sent])
    at_end: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    failure: Failure | None = None
    place: str = ""  # of the step that runs: the ARM id of what its document belongs to
    span: str = ""
    parent: str = ""
    trace: str = ""

    @property
    def message(self) -> Request | Response:
        """What policies change in the section that runs."""
        response = self.context.response
        if self.section in ("outbound", "on-error") or (self.section == "backend" and response is not None):
            return self.response
        return self.context.request

    @property
    def response(self) -> Response:
        """The answer, an empty one until there is any."""
        if self.context.response is None:
            self.context.response = answer(200)
        return self.context.response

    def aim(self) -> None:
        """Let `context.Request.Url` be where the request goes by now."""
        url, base = self.context.request.url, self.base
        if base is not None:
            url.scheme, url.host, url.port = base.scheme, base.host, base.port
        prefix = (base.path if base is not None else "").rstrip("/")
        url.path = prefix + (self.rest if self.rest != "/" or not prefix else "") or "/"

    def steps(self, steps: Sequence[Step]) -> None:
        """Run steps in their order. Failure that says where it came about."""
        for step in steps:
            before, self.place = self.place, step.place
            try:
                step.act(self)
            except Failure as failure:
                self._locate(failure, step)
                raise
            except EvaluationFailure as error:
                failure = Failure(500, step.name, error.reason, error.message, shown="Internal server error")
                self._locate(failure, step)
                raise failure from error
            finally:
                self.place = before

    def through(self, plan: Plan) -> Response:
        """All sections; on-error where one of them fails. The answer."""
        try:
            for self.section, steps in (
                ("inbound", plan.inbound),
                ("backend", plan.backend),
                ("outbound", plan.outbound),
            ):
                self.steps(steps)
        except Returned:
            pass
        except Failure as failure:
            self.fail(failure, plan)
        return self.response

    def fail(self, failure: Failure, plan: Plan) -> None:
        """The answer to a failure, as the on-error policies leave it."""
        self.failure = failure
        self.context.response = failure.answer(str(self.context.request_id))
        self.context.last_error = LastError(
            failure.source,
            failure.reason,
            failure.message,
            failure.scope,
            failure.section,
            failure.path,
            failure.policy_id,
        )
        self.section = "on-error"
        try:
            self.steps(plan.on_error)
        except Returned:
            pass
        except Failure as second:
            self.failure = second
            self.context.response = second.answer(str(self.context.request_id))

    def end(self) -> None:
        """What waits for the answer."""
        for function in self.at_end:
            function()

    def _locate(self, failure: Failure, step: Step) -> None:
        if not failure.section:
            failure.section, failure.scope = self.section, step.scope
            failure.path, failure.policy_id = step.path, step.policy_id


def copied(headers: Headers) -> Headers:
    """Headers that may be changed without changing these."""
    return Headers(headers.pairs())
