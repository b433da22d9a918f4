"""The job that works on a data set: found by its content or submitted, then followed to its end."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ml.azure.assets import at
from ml.azure.clients import Azure
from ml.azure.runs import FINISHED, Follower
from ml.content import content_key, sha256_of_files, sha256_of_program
from ml.errors import MlopsError
from ml.jobs import columns, data, environment, snapshot
from ml.jobs.snapshot import Snapshot
from ml.published.reason import Reason
from ml.sources.address import Address, LocalFile
from ml.sources.obtain import obtain

if TYPE_CHECKING:
    from ml.settings import Settings

MOST_ATTEMPTS = 1000
BY_HAND = Reason("person", "started by hand")


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for."""

    data: Address
    metric: str
    margin: float
    trials: int
    wait: bool
    force: bool
    rebuild: bool = False  # build the training image and send the code again, and take no earlier job
    override: str | None = None  # why a model that is not better is to be registered
    start_from: str | None = None  # NAME:VERSION of the model that one more candidate starts from
    reason: Reason = BY_HAND  # why the job is started; its data is named once it is uploaded


@dataclass(frozen=True, slots=True)
class Made:
    """What a job needs in the workspace, each as NAME:VERSION."""

    environment: str
    data_asset: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What sets one kind of job apart from the others."""

    name: str  # what the names of its jobs begin with
    steps: tuple[str, ...]
    joined_by: tuple[ModuleType, ...]  # the modules whose code joins the steps into one job
    choices: Callable[["Settings", Request], dict[str, Any]]  # what else decides its result
    begin: Callable[[Azure, Request, "Inputs", Made, str], None]  # starts the job of this name
    results: Callable[[Azure, str], dict[str, Any]]  # reads the results of a job by its name
    trials: bool = False  # whether its steps have trials to follow
    more: tuple[str, ...] = ()  # packages of further steps, beside those of ml/steps: as ml.fleet.members


def content_of(*, data: str, code: str, joined: list[str], environment: str, choices: dict[str, Any]) -> str:
    """A job's name by its content: equal inputs give the same key on every machine.

    data, code, joined, environment: SHA-256 of the data set, of the steps' code, of the modules that join
    them, of the training image's build context.
    """
    return content_key(
        {"data": data, "code": code, "joined": joined, "environment": environment, "choices": choices}
    )


def job_name(key: str, attempt: int, kind: str) -> str:
    return f"{kind}-{key[:20]}" + (f"-{attempt}" if attempt > 1 else "")


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job that was submitted before. status: as Azure ML says it, "Completed"."""

    name: str
    status: str


def find_job(azure: Azure, key: str, kind: str) -> tuple[KnownJob | None, str]:
    """The latest job of this content, if there is one, and the name of the next one."""
    latest: KnownJob | None = None
    for attempt in range(1, MOST_ATTEMPTS):
        name = job_name(key, attempt, kind)
        found = azure.assets.read(at("jobs", name), "read jobs")
        if found is None:
            return latest, name
        latest = KnownJob(name, str(found["properties"].get("status") or ""))
    raise MlopsError(
        f"There are {MOST_ATTEMPTS - 1} jobs of this very content already.",
        "Change an input, or delete old jobs in the workspace.",
    )


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a job is made from; `key` is its name by content."""

    data: data.DataFile
    code: Snapshot
    key: str


def read_data(azure: Azure, address: Address) -> data.DataFile:
    """Look at the data set; one from elsewhere is copied to this machine first. Raises MlopsError."""
    if isinstance(address, LocalFile):
        return data.inspect(address.path)
    copy = obtain(azure, address)
    return data.inspect(copy.path, shown=copy.shown, name=copy.name, sha256=copy.sha256)


def gather(azure: Azure, root: Path, request: Request, kind: Kind, scratch: Path) -> Inputs:
    """Look at the data set and the code; nothing is created in Azure.

    scratch: where a csv file becomes parquet. Raises MlopsError.
    """
    report = azure.report
    given = read_data(azure, request.data)
    columns.check(given)
    file = data.as_parquet(given, scratch)
    report.line(f"{file.format}, {file.rows or '?'} rows, {len(file.columns)} columns, sha256 {file.version}")
    code = snapshot.of_steps(root, kind.steps, kind.more)
    report.line(f"code {code.commit}, {len(code.files)} files")
    key = content_of(
        data=file.sha256,
        code=code.sha256,
        joined=[sha256_of_program(Path(str(module.__file__))) for module in kind.joined_by],
        environment=sha256_of_files(environment.training_context(root)),
        choices=kind.choices(azure.settings, request),
    )
    return Inputs(file, code, key)


def submit(azure: Azure, root: Path, request: Request, inputs: Inputs, name: str, kind: Kind) -> None:
    """Make environment and data asset where they are missing, then start the job under this name."""
    with azure.report.phase("training environment"):
        made = environment.ensure(azure, root, request.rebuild)
    with azure.report.phase("data asset"):
        asset = data.register(azure, inputs.data)
    kind.begin(
        azure, request, inputs, Made(f"{made.name}:{made.version}", f"{asset.name}:{asset.version}"), name
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The job of a content. `reused`: it was there before this command."""

    name: str
    status: str
    reused: bool


def find_or_submit(azure: Azure, root: Path, request: Request, kind: Kind) -> Found:
    """Find a job of this data, code, environment and choices that runs or ended well, or submit a new one.

    Raises MlopsError.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        with azure.report.phase(f"looking at {request.data.shown}"):
            inputs = gather(azure, root, request, kind, Path(scratch))
        with azure.report.phase("connecting to the workspace"):
            known, name = find_job(azure, inputs.key, kind.name)
        if known is not None and reusable(known, request.force or request.rebuild):
            name, status = known.name, known.status
            azure.report.line(f"the job {name} of the same data, code, environment and settings is {status}")
            return Found(name, status, reused=True)
        submit(azure, root, request, inputs, name, kind)
        return Found(name, "Submitted", reused=False)


def follow(azure: Azure, name: str, *, trials: bool = False) -> None:
    """Follow the job to its end. Raises MlopsError naming the failed step and its reason."""
    with azure.report.phase(f"job {name}"):
        ended, steps = Follower(azure, trials=trials).follow(
            name, azure.settings.training.time_limit_minutes * 60
        )
    if ended == "Completed":
        return
    failed = next((step for step in steps if step.status == "Failed"), None)
    if failed is None:
        raise MlopsError(f"The job {name} ended as {ended}.", "Run the command again to start anew.")
    raise MlopsError(
        f"The step {failed.title} of the job {name} failed.",
        "Correct what the end of its log names, then run the command again.",
        failed.reason,
    )


def reusable(known: KnownJob | None, force: bool) -> bool:
    """Whether an earlier job of the same content stands for this one: it runs, or it ended well."""
    return known is not None and not force and (known.status == "Completed" or known.status not in FINISHED)


def carry_out(azure: Azure, root: Path, request: Request, kind: Kind) -> dict[str, Any]:
    """Find or submit the job and follow it to its results, which join its name and status.

    With `request.wait` False a job that has not ended is not followed, and there are no results.
    Raises MlopsError naming the failed step and its reason.
    """
    job = find_or_submit(azure, root, request, kind)
    known = {"job": job.name, "reused": job.reused}
    if job.status != "Completed":
        if not request.wait:
            return {**known, "status": job.status}
        follow(azure, job.name, trials=kind.trials)
    with azure.report.phase("results"):
        return {**known, "status": "Completed", **kind.results(azure, job.name)}
