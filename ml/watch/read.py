"""Asks everything at once. What cannot be read becomes `Unread`, with the reason; the rest is read."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import subprocess
import sys
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

from ml.azure.known import known
from ml.azure.words import word
from ml.commands.status import MOST_MODELS
from ml.errors import MlopsError
from ml.published.reason import WORK, Reason
from ml.watch import alerts, beforehand, traffic
from ml.watch.facts import (
    Alerts,
    Change,
    Cost,
    CostLine,
    Facts,
    Model,
    Models,
    Part,
    Quality,
    Service,
    Traffic,
    Training,
    Trainings,
    Unread,
    Windows,
)

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.production.telemetry import Ask

FOLDER: Final = Path(__file__).with_name("queries")
BLOCK_SECONDS: Final = 900
MOST_JOBS: Final = 200  # that are looked at, the newest: most are steps and runs of long ago
MOST_TRAININGS: Final = 20
OTHERS: Final = frozenset({WORK, "fleet"})  # tags of jobs that train no version of the model
SWEEP: Final = "sweep-"  # begins the names of sweeps, which have the tags of a training
COST_SECONDS: Final = 300
FIGURES: Final = ("roc_auc", "log_loss")
NO_MODEL: Final = "no model: not better, or outside its bounds"


def facts(azure: Azure, root: Path, days: int, now: dt.datetime) -> Facts:
    """All parts. Whoever looks at 3 o'clock does not wait for roles that are on their way."""
    from ml.production.telemetry import workspace

    beforehand.imported()
    hasty = impatient(azure)
    ask = _Once(lambda: workspace(hasty))
    readers: dict[str, Callable[[], Part]] = {
        "service": lambda: service(hasty, root),
        "traffic": lambda: heard(ask(), role_of(azure), now, days),
        "windows": lambda: windows(ask(), role_of(azure), now, days),
        "quality": lambda: quality(hasty, now.date(), days),
        "alerts": lambda: fired(hasty, ask, now, days),
        "trainings": lambda: trainings(hasty),
        "models": lambda: models(hasty),
        "cost": lambda: cost(azure.estate.environment, root, now),
    }
    with ThreadPoolExecutor(len(readers)) as pool:
        parts = dict(zip(readers, pool.map(attempt, readers.values()), strict=True))
    parts["trainings"] = joined(parts["trainings"], parts["models"])
    return Facts.model_validate({"environment": azure.estate.environment, "at": now, "days": days, **parts})


def joined(began: Part, registered: Part) -> Part:
    """The trainings with what became of them. Of those before the oldest listed model nothing is said."""
    if not isinstance(began, Trainings) or not isinstance(registered, Models):
        return began
    named = {one.job: one.name for one in registered.models if one.job}
    times = [one.at for one in registered.models if one.at]
    since = min(times, default=None) if len(times) >= MOST_MODELS else None

    def became(one: Training) -> str:
        if one.job in named:
            return named[one.job]
        ended = one.job is not None and one.status.lower() == "completed"
        return NO_MODEL if ended and (since is None or one.at > since) else ""

    told = (one.model_copy(update={"became": became(one)}) for one in began.trainings)
    return began.model_copy(update={"trainings": tuple(told)})


class _Once:
    """Makes its value when it is first asked for: a failure belongs to whoever asks, and each asks anew."""

    def __init__(self, make: Callable[[], Ask]) -> None:
        self._make, self._made = make, None

    def __call__(self) -> Ask:
        if self._made is None:
            self._made = self._make()
        return self._made


def attempt(read: Callable[[], Part]) -> Part:
    """What was read, or why not. A mistake of this program is told as one, and the rest is shown."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - whatever it is, the page says it, and shows the rest
        told = known(error)
        if told is None:
            return Unread(
                why=f"mlops made a mistake here ({type(error).__name__}: {error}).", remedy="Report it."
            )
        return Unread(why=" ".join((told.problem, *told.details[:1])), remedy=told.remedy)


def impatient(azure: Azure) -> Azure:
    """As it is, without waiting for rights."""
    limits = azure.settings.azure.model_copy(update={"grants_seconds": 0.0})
    return replace(azure, settings=azure.settings.model_copy(update={"azure": limits}))


def role_of(azure: Azure) -> str:
    """As Application Insights names the scoring service."""
    return f"{azure.estate.environment}.scoring"


def query(name: str, **values: str) -> str:
    """The text of queries/NAME.kql with these values. Raises ValueError for one that could end a string."""
    for value in values.values():
        if not value.replace(".", "").replace("-", "").isalnum():
            raise ValueError(f"{value!r} has other characters than letters, digits, dots and dashes")
    return Template((FOLDER / f"{name}.kql").read_text("utf-8")).substitute(values)


def service(azure: Azure, root: Path) -> Service:
    from ml.commands.status import deployed, has_production, production_of

    if has_production(azure):
        return in_production(production_of(azure, root) or {})
    return stands(azure.estate.environment, deployed(azure))


def stands(environment: str, found: Mapping[str, Any] | None) -> Service:
    """What `mlops status` says of a service in container groups."""
    if found is None:
        return Service(ready=None, words=f"Nothing is deployed in {environment}.")
    words = (
        f"{found.get('release', 'A release')} with {found.get('model', 'a model')} at {found['address']}: "
    )
    return Service(
        ready=found["state"] == "ready", words=f"{words}{found['state']}.", release=found.get("release")
    )


def in_production(found: Mapping[str, Any]) -> Service:
    """What `mlops status` says of a production with revisions."""
    revisions = [one for one in found.get("revisions", ()) if one["weight"]]
    if not revisions:
        return Service(ready=None, words="Nothing is released.", wrong=tuple(found.get("wrong", ())))
    parts = [f"{one['revision']} with {one['weight']}% of the requests" for one in revisions]
    pods = sum(one["ready"] for one in revisions), sum(one["wanted"] for one in revisions)
    return Service(
        ready=all(one["ready"] for one in revisions),
        words=f"{', '.join(parts)}: {pods[0]} of {pods[1]} pods are ready.",
        release=revisions[0]["revision"],
        wrong=tuple(found["wrong"]),
        changes=tuple(
            Change(
                at=dt.datetime.fromtimestamp(one["at"], dt.UTC),
                kind="release",
                words=" ".join(f"{one['what']}: {one['release']} by {one['by']} {one['reason']}".split()),
            )
            for one in found["history"]
        ),
    )


def heard(ask: Ask, role: str, now: dt.datetime, days: int) -> Traffic:
    began, size = now - dt.timedelta(days=days), str(BLOCK_SECONDS)
    return Traffic(
        block_seconds=BLOCK_SECONDS,
        newest=traffic.newest(ask(query("newest", role=role), began, now)),
        blocks=traffic.blocks(ask(query("traffic", role=role, seconds=size), began, now)),
        took=traffic.took(ask(query("latency", role=role, seconds=size), began, now)),
    )


def windows(ask: Ask, role: str, now: dt.datetime, days: int) -> Windows:
    rows = ask(query("windows", role=role), now - dt.timedelta(days=days), now)
    return Windows(values=traffic.windows(rows))


def quality(azure: Azure, today: dt.date, days: int) -> Quality:
    from ml.quality import place, store
    from ml.quality.labels import table

    files = store.Lake(azure, place.account(azure), table.CONTAINER)
    return Quality(reports=tuple(reports(files, today, days)))


def reports(files: Any, today: dt.date, days: int) -> Iterable[Any]:
    """Daily reports of so many days and of today, the oldest first. Raises MlopsError for a broken one."""
    from ml.quality.store import read_report

    for back in range(days, -1, -1):
        date = today - dt.timedelta(days=back)
        try:
            report = read_report(files, date)
        except ValueError as error:
            raise MlopsError(
                f"The daily report of {date} cannot be read: {str(error).splitlines()[0]}.",
                f"Write it again: mlops quality --date {date}.",
            ) from error
        if report is not None:
            yield report


def fired(azure: Azure, ask: Callable[[], Ask], now: dt.datetime, days: int) -> Alerts:
    from azure.core.exceptions import HttpResponseError

    from ml.azure.clients import first_lines
    from ml.azure.rest import MANAGEMENT, Rest

    estate = azure.estate
    path = (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
        "/providers/Microsoft.AlertsManagement/alerts"
    )
    try:
        items = list(
            Rest(azure, MANAGEMENT).items(
                path, **{"api-version": alerts.API, "timeRange": alerts.ranges(days)}
            )
        )
    except HttpResponseError as error:
        return alerts.asked(ask(), now, " ".join(first_lines(error, 1)))
    return Alerts(told_by="Azure Monitor", alerts=alerts.told(items))


def trainings(azure: Azure) -> Trainings:
    """Runs of the workspace, and what asked for one and started none."""
    from ml.commands.trigger.log import entries
    from ml.trigger.place import state_of

    found = {one.job: one for one in started(azure.ml.jobs.list(), azure.settings.training.experiment)}
    refused: list[Training] = []
    try:
        state, _ = state_of(azure).read()
    except Exception as error:
        told = known(error)
        if told is None:
            raise
        return Trainings(trainings=newest(found.values()), triggers=told.problem)
    for entry in entries(state):
        made = Training.model_validate({name: entry[name] for name in LOG})
        if made.job is None:
            refused.append(made)
        else:
            # The workspace knows how the run stands; the triggers know of runs that are not there yet.
            found.setdefault(made.job, made)
    triggers = f"paused by {state.paused_by}: {state.paused}" if state.paused else "work"
    return Trainings(trainings=newest((*found.values(), *refused)), triggers=triggers)


LOG: Final = ("at", "job", "started_by", "reason", "data", "status")


def newest(all_of: Iterable[Training]) -> tuple[Training, ...]:
    return tuple(sorted(all_of, key=lambda one: one.at, reverse=True)[:MOST_TRAININGS])


def started(jobs: Iterable[Any], experiment: str) -> list[Training]:
    """The trainings of the model among jobs, with what started them.

    Scheduled work, fleets and sweeps have a reason, too, and none of them registers a version of the model:
    it would be said of each that its model was not better.
    """
    found: list[Training] = []
    for job in itertools.islice(jobs, MOST_JOBS):
        tags = dict(job.tags or {})
        if OTHERS & set(tags) or str(job.name).startswith(SWEEP):
            continue
        reason = Reason.of(tags)
        at = getattr(job.creation_context, "created_at", None)
        if at is None or (reason is None and job.experiment_name != experiment):
            continue
        found.append(
            Training(
                at=_utc(at),
                job=str(job.name),
                started_by=reason.started_by if reason else "unknown",
                reason=reason.words if reason else "it has no tags that say why",
                data=reason.data if reason else "",
                status=word(job.status),
            )
        )
    return found


def models(azure: Azure) -> Models:
    from ml.commands.status import registered_models

    found = registered_models(azure)
    if found is None:
        raise MlopsError(
            "Whoever is signed in may not read models.", "Have a role on the workspace granted that reads."
        )
    return Models(models=tuple(map(model, found)))


def model(one: Any) -> Model:
    from ml.steps.register.registration import LINEAGE_PROPERTY as prefix

    properties: Mapping[str, str] = dict(one.properties or {})
    tags: Mapping[str, str] = dict(one.tags or {})
    at = getattr(one.creation_context, "created_at", None)
    return Model(
        name=f"{one.name}:{one.version}",
        at=None if at is None else _utc(at),
        job=properties.get(f"{prefix}pipeline_job", ""),
        started_by=properties.get(f"{prefix}started_by", ""),
        reason=properties.get(f"{prefix}reason", ""),
        figures={name: tags[name] for name in FIGURES if name in tags},
    )


def cost(environment: str, root: Path, now: dt.datetime) -> Cost:
    """By infra/estimate.py, in a process of its own: it runs the Pulumi program, which has global state."""
    command = [sys.executable, "-m", "infra.estimate", "--stack", environment, "--json"]
    try:
        run = subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=COST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MlopsError(
            f"The estimate of costs took longer than {COST_SECONDS} s.",
            f"Run `python -m infra.estimate --stack {environment}`.",
        ) from error
    if run.returncode:
        raise MlopsError(
            "The costs cannot be estimated.",
            f"Run `python -m infra.estimate --stack {environment}` and correct what it names.",
            [line for line in run.stderr.splitlines() if line.strip()][-1:],
        )
    return estimated(json.loads(run.stdout), now)


def estimated(found: Mapping[str, Any], now: dt.datetime) -> Cost:
    """The estimate of a month, and of as much of it as has passed."""
    began = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    passed = (now - began) / dt.timedelta(days=monthrange(now.year, now.month)[1])
    lines = [CostLine(what=one["what"], usd=one["usd"]) for one in found["lines"] if one["usd"]]
    return Cost(
        month=found["month"],
        so_far=round(found["month"] * passed, 2),
        lines=tuple(sorted(lines, key=lambda line: -line.usd)),
        unknown=tuple(found["unknown"]),
    )


def _utc(at: Any) -> dt.datetime:
    found = at if isinstance(at, dt.datetime) else dt.datetime.fromisoformat(str(at))
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
