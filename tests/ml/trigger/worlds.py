"""A state and an endpoint in memory, and a program that is killed where a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ml.trigger.carry import NotTaken, Overtaken
from ml.trigger.state import Event, Job, Run, Starter, State

START = datetime(2026, 11, 30, tzinfo=UTC)


class Killed(BaseException):
    """The program ended here."""


def event(name: str = "e-1", minutes: float = 0.0, by: Starter = "data", data: str = "d") -> Event:
    """data: "d" stands for a URI of the event's own."""
    own = f"azureml://landing/{name}" if data == "d" and by == "data" else data if by == "data" else ""
    return Event(id=name, started_by=by, words=name, data=own, at=START + timedelta(minutes=minutes))


@dataclass
class World:
    """between: called before and after each effect, with how many there were."""

    state: State = field(default_factory=State)
    version: int = 0
    at: datetime = START
    made: dict[str, Job] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    listed: int = 0
    refuses: str = ""
    effects: int = 0
    between: Callable[[int], Any] = lambda _: None

    def now(self) -> datetime:
        return self.at

    def later(self, **how: float) -> None:
        self.at += timedelta(**how)

    def _effect(self) -> None:
        self.effects += 1
        self.between(self.effects)

    def read(self) -> tuple[State, str]:
        return self.state, str(self.version)

    def write(self, state: State, tag: str) -> None:
        self._effect()
        if tag != str(self.version):
            raise Overtaken
        # as it is in a blob
        self.state, self.version = State.model_validate_json(state.model_dump_json()), self.version + 1
        self._effect()

    def jobs(self) -> tuple[Job, ...]:
        self.listed += 1
        return tuple(self.made.values())

    def start(self, run: Run) -> str:
        self._effect()
        if self.refuses:
            raise NotTaken(self.refuses)
        self.started.append(run.event.id)
        self.made[run.job] = Job(
            name=run.job, status="Running", event=run.event.id, started_by=run.event.started_by
        )
        self._effect()
        return run.job

    def end(self, status: str = "Completed") -> None:
        self.made = {name: job.model_copy(update={"status": status}) for name, job in self.made.items()}
