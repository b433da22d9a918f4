"""What the page is made of. Each part is what was read, or why it could not be."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ml.quality.report import DailyReport


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Unread(Part):
    """A part that could not be read. why: one sentence. remedy: what to do, "" for nothing."""

    why: str
    remedy: str = ""


class Change(Part):
    """Something that happened. kind: one word. at: UTC."""

    at: dt.datetime
    kind: Literal["release", "model", "training", "alert", "quality"]
    words: str


class Service(Part):
    """What stands and answers. ready: None where nothing is deployed. wrong: what a person should look at."""

    ready: bool | None
    words: str
    release: str | None = None
    wrong: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


class Block(Part):
    """What was answered in one block of time: requests, those that failed (500 and above) or were turned away
    (429, 503), rows, and of these the ones unlike the training rows."""

    at: dt.datetime
    requests: float
    failed: float
    away: float
    rows: float
    outliers: float


class Took(Part):
    """How long scores of a block took: half of them, and 95 of 100, in milliseconds at most.

    None: longer than the last class begins.
    """

    at: dt.datetime
    median_ms: float | None
    p95_ms: float | None


class Traffic(Part):
    """By the telemetry. newest: when anything was last heard, None for never in these days."""

    block_seconds: int
    newest: dt.datetime | None
    blocks: tuple[Block, ...]
    took: tuple[Took, ...]


class Psi(Part):
    """Population stability index of one feature on one day."""

    day: dt.date
    feature: str
    psi: float


class Windows(Part):
    """Drift by the service's own windows, of a few thousand rows each."""

    values: tuple[Psi, ...]


class Quality(Part):
    """The daily reports that there are, the oldest first."""

    reports: tuple[DailyReport, ...]


class Alert(Part):
    """One alert. rule: its key in infra/alerts.py, else its name. resolved: when it became well again."""

    rule: str
    words: str
    severity: str
    fired: bool
    at: dt.datetime
    resolved: dt.datetime | None = None
    acknowledged: bool = False


class Alerts(Part):
    """told_by: `Azure Monitor`, or `the rules' queries` where that could not be asked, and why.

    not_asked: rules of which nothing is known.
    """

    told_by: str
    alerts: tuple[Alert, ...]
    not_asked: tuple[str, ...] = ()


class Training(Part):
    """A training, or what asked for one. job: None where it started none; status says why.

    became: the model that it registered, or that none came of it; "" where that is not known.
    """

    at: dt.datetime
    job: str | None
    started_by: str
    reason: str
    data: str
    status: str
    became: str = ""


class Trainings(Part):
    """The newest first. triggers: `work`, `paused …`, or why nothing is known of them."""

    trainings: tuple[Training, ...]
    triggers: str


class Model(Part):
    """job: the training that registered it, "" where that is not known."""

    name: str
    at: dt.datetime | None
    job: str = ""
    started_by: str = ""
    reason: str = ""
    figures: dict[str, str] = {}


class Models(Part):
    """Registered ones, the newest first."""

    models: tuple[Model, ...]


class CostLine(Part):
    what: str
    usd: float


class Cost(Part):
    """An estimate by the stack file of what costs by standing there, and no bill.

    month: USD of a whole month. so_far: of it, for the part of this month that has passed.
    """

    month: float
    so_far: float
    lines: tuple[CostLine, ...]
    unknown: tuple[str, ...] = ()


class Facts(Part):
    """All of it. days: how far back it looks."""

    environment: str
    at: dt.datetime
    days: int
    service: Service | Unread
    traffic: Traffic | Unread
    windows: Windows | Unread
    quality: Quality | Unread
    alerts: Alerts | Unread
    trainings: Trainings | Unread
    models: Models | Unread
    cost: Cost | Unread

    def unread(self) -> dict[str, Unread]:
        """The parts that could not be read, by name."""
        parts = {name: getattr(self, name) for name in PARTS}
        return {name: part for name, part in parts.items() if isinstance(part, Unread)}


PARTS = ("service", "traffic", "windows", "quality", "alerts", "trainings", "models", "cost")
