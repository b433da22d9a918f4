"""What the functions of the app do, each in one call: read, decide, carry out, and say what became of it."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ml.trigger import configuration
from ml.trigger.azure import PublishedPipeline, state_of, workflow_of
from ml.trigger.carry import NotTaken, carry, tick
from ml.trigger.configuration import Configuration
from ml.trigger.decide import Decision, Later, Refused, Start
from ml.trigger.events import (
    Ignored,
    Malformed,
    Registered,
    from_event_grid,
    from_timer,
)
from ml.trigger.events import (
    from_alert as read_alert,
)
from ml.trigger.release import begin
from ml.trigger.state import Event

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

RETRY_AFTER = 503  # Azure Monitor calls again after it, as after a time-out


class NotYet(Exception):
    """Somebody else is calling for this event: the queue delivers it again."""


def from_queue(told: Any) -> str:
    """An event of Event Grid, from the queue. Raises Malformed, NotYet, and what Azure refuses."""
    if isinstance(told, list) and len(told) == 1:  # as Event Grid's own schema has it where it sends several
        told = told[0]
    if not isinstance(told, Mapping):
        raise Malformed("the message is no event")
    found = from_event_grid(told, _configuration().landing_paths)
    if isinstance(found, Ignored):
        return f"ignored: {found.why}"
    if isinstance(found, Registered):
        return _registered(found)
    return _carried(found)


def from_alert(told: Any) -> tuple[int, str]:
    """An alert: the answer's HTTP status, and what became of it. Raises Malformed."""
    if not _configuration().alerts:
        return 404, "alerts start nothing here: the setting retraining.application is not set"
    if not isinstance(told, Mapping):
        raise Malformed("the body is no object")
    found = read_alert(told)
    if isinstance(found, Ignored):
        return 200, f"ignored: {found.why}"
    try:
        return 200, _carried(found)
    except NotYet as error:
        return RETRY_AFTER, str(error)


def from_schedule() -> str:
    return _carried(from_timer(datetime.now(UTC)))


def from_watch() -> list[str]:
    told = _configuration()
    taken = tick(state_of(told.account, _credential()), _endpoint(), told.limits)
    return [_words(event, decision) for event, decision in taken]


def _registered(model: Registered) -> str:
    workflow = workflow_of(_client(), _credential(), _configuration())
    if workflow is None:
        return f"{model.name} is registered; the setting retraining.github is not set, so no release is begun"
    begun = begin(model.name, workflow)
    return f"{model.name} is registered: {'a release is begun' if begun else 'its release was begun before'}"


def _carried(event: Event) -> str:
    told = _configuration()
    try:
        decision = carry(event, state_of(told.account, _credential()), _endpoint(), told.limits)
    except NotTaken as error:  # it is counted, and would be refused again
        return f"{event.words}: no training is started: {error}"
    if isinstance(decision, Later):
        raise NotYet(f"{event.words}: it is being carried out until {decision.until.isoformat()}")
    return _words(event, decision)


def _words(event: Event, decision: Decision) -> str:
    match decision:
        case Start():
            return f"{event.words}: the training {decision.run.job} is started"
        case Refused():
            return f"{event.words}: no training is started: {decision.words}"
        case Later():
            return f"{event.words}: it is being carried out"


@cache
def _configuration() -> Configuration:
    return configuration.of(os.environ)


@cache
def _credential() -> "TokenCredential":
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))


@cache
def _client() -> "httpx.Client":
    import httpx

    return httpx.Client()


def _endpoint() -> PublishedPipeline:
    return PublishedPipeline(_client(), _credential(), _configuration())
