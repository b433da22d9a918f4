"""What the triggers remember: one JSON document, written only by whoever has read it last."""

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Starter = Literal["person", "schedule", "data", "metric"]
Why = Literal[
    "duplicate",
    "paused",
    "running",
    "debounced",
    "daily-limit",
    "no-data",
    "unfit-name",
    "refused-by-azure",
]
"""Why an event started nothing:

duplicate: its id was answered before. paused: somebody paused all triggers. running: a training is under
way. debounced: it came too soon after the start of the last one, and counts as one with it. daily-limit: as
many were started in 24 hours as may be. no-data: nothing has landed that could be trained on.
unfit-name: the file's name has letters that a shell might read. refused-by-azure: the endpoint did not take
the run.
"""
KEPT = 200  # runs, and answered events, that are remembered


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Part):
    """Something that asks for a training.

    id: the same each time that the same event is delivered. words: why, for a person. data: URI of the data
    to train on, "" for the newest that landed. at: when it happened, by the clock of who tells it.
    """

    id: str = Field(min_length=1, max_length=500)
    started_by: Starter
    words: str
    data: str = ""
    at: AwareDatetime


class Limits(Part):
    """debounce_minutes: after the start of a run, in which no event starts another. daily: runs that may be
    started in any 24 hours. data: URI that is trained on while nothing has landed; "" where there is none."""

    debounce_minutes: float = Field(default=10.0, ge=0, le=60 * 24)
    daily: int = Field(default=4, ge=1, le=100)
    data: str = ""

    @property
    def debounce(self) -> timedelta:
        return timedelta(minutes=self.debounce_minutes)


class Run(Part):
    """A training that was decided on.

    job: its name, made of the event's id, so that whoever repeats a call finds what is there. decided: when.
    claimed_until: whoever claimed it calls the endpoint until then, and nobody else does. called: whether the
    endpoint has it. attempts: claims. ended: its status at its end, "" before.
    """

    event: Event
    job: str
    data: str
    decided: AwareDatetime
    claimed_until: AwareDatetime
    called: bool = False
    attempts: int = 1
    ended: str = ""

    @property
    def active(self) -> bool:
        return not self.ended


class Refusal(Part):
    """An event that started nothing."""

    event: Event
    why: Why
    at: AwareDatetime


class Job(Part):
    """A job of the endpoint as Azure tells it. event: the id that it was started with, "" of a person's."""

    name: str
    status: str
    event: str = ""
    started_by: str = ""

    @property
    def ended(self) -> bool:
        return self.status.lower() in ENDED


ENDED = frozenset({"completed", "failed", "canceled", "notresponding"})


class State(Part):
    """paused: why nothing is started, "" while it is. runs, refused: the newest last. counts: refusals.

    waiting: the newest data that could not be trained on yet; taken up when nothing stands in its way.
    newest: URI of the newest data that landed. others: jobs of the endpoint that run and that nobody here
    started. limits: those that were applied last.
    """

    paused: str = ""
    paused_by: str = ""
    runs: tuple[Run, ...] = ()
    refused: tuple[Refusal, ...] = ()
    counts: dict[Why, int] = {}
    waiting: Event | None = None
    newest: str = ""
    newest_at: AwareDatetime | None = None
    others: tuple[str, ...] = ()
    limits: Limits = Limits()

    def changed(self, **values: Any) -> "State":
        return self.model_copy(update=values)

    def run_of(self, event_id: str) -> Run | None:
        return next((run for run in self.runs if run.event.id == event_id), None)

    def with_run(self, run: Run) -> "State":
        """The same with a run in the place of that of the same event, or at the end."""
        others = tuple(one for one in self.runs if one.event.id != run.event.id)
        if len(others) == len(self.runs):
            return self.changed(runs=(*self.runs, run)[-KEPT:])
        return self.changed(runs=tuple(run if one.event.id == run.event.id else one for one in self.runs))

    def refusing(self, event: Event, why: Why, now: datetime) -> "State":
        """Counted, and remembered where its id was not known before."""
        counts: dict[Why, int] = {**self.counts, why: self.counts.get(why, 0) + 1}
        if why == "duplicate":
            return self.changed(counts=counts)
        known = tuple(one for one in self.refused if one.event.id != event.id)
        refused = (*known, Refusal(event=event, why=why, at=now))[-KEPT:]
        return self.changed(counts=counts, refused=refused)
