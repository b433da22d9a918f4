"""A command of `mlops` as an Azure ML command job: on the estate's cluster, by the training identity.

Its code is a snapshot by content, its environment that of the training, its reason stands on it as tags.
Equal content has an equal name, so the same command finds its own job.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.azure.clients import without_its_own_output
from ml.azure.runs import Follower
from ml.content import content_key, sha256_of_files
from ml.errors import MlopsError
from ml.jobs import environment, snapshot
from ml.jobs.closure import PACKAGES
from ml.jobs.snapshot import Snapshot
from ml.jobs.submission import BY_HAND, find_job, reusable
from ml.jobs.submission import follow as follow_steps
from ml.published.reason import WORK, Reason
from ml.scheduled.inside import ANSWER, ESTATE
from ml.settings import OVER
from ml.steps.compare.override import encoded

if TYPE_CHECKING:
    from ml.azure.clients import Azure

OUTPUT: Final = "answer"
SETTINGS: Final = "settings-over.toml"  # beside the code: what MLOPS_SETTINGS named where it was submitted
WORKS: Final = "ml.scheduled.works"


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is not submitted yet. kind: what its name begins with. key: its content.

    entity: the job of azure-ai-ml, without name and tags; it may write files into the folder that it is
    given, which stays until the job is submitted. It has an output `answer` with a file answer.json; answer
    reads what another kind of job leaves elsewhere, by the job's name. steps: whether it is a pipeline.
    state: of what it reads. Without it nobody can tell whether an ended job has read the same.
    """

    kind: str
    title: str
    key: str
    entity: Callable[[Path], Any]
    state: str = ""
    reason: Reason = BY_HAND
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    answer: Callable[[Azure, str], dict[str, Any]] | None = None
    steps: bool = False

    @property
    def all_tags(self) -> dict[str, str]:
        """Each says that it is work, whoever made it: without that the job counts as a training."""
        return {"key": self.key, WORK: self.kind, **self.tags, **self.reason.tags()}


@dataclass(frozen=True, slots=True)
class Submitted:
    """`reused`: the job was there before."""

    name: str
    status: str
    reused: bool


def code_of(azure: Azure, root: Path, work: str) -> Snapshot:
    """What the work needs, with the estate and the settings that hold here. Raises MlopsError."""
    taken = snapshot.take(root, (f"{WORKS}.{work}",), packages=(*PACKAGES, "infra"))
    beside = {ESTATE: azure.estate.model_dump_json(indent=1).encode()}
    if named := os.environ.get(OVER, "").strip():
        beside[SETTINGS] = Path(named).read_bytes()
    together = {**taken.files, **beside}
    return Snapshot(together, sha256_of_files(together), taken.commit)


def command_job(
    azure: Azure,
    root: Path,
    work: str,
    asked: str,
    title: str,
    *,
    state: str = "",
    reason: Reason = BY_HAND,
    tags: Mapping[str, str] | None = None,
) -> Job:
    """The job of a module of ml/scheduled/works. asked: what it takes. Raises MlopsError.

    The training environment is made where it is missing.
    """
    code = code_of(azure, root, work)
    with azure.report.phase("training environment"):
        made = environment.ensure(azure, root, rebuild=False)
    used = f"{made.name}:{made.version}"
    key = content_key({"work": work, "asked": asked, "code": code.sha256, "environment": used, "data": state})

    def entity(folder: Path) -> Any:
        return _entity(azure, code.write(folder / "code"), used, work, asked, title)

    named = {"code_commit": code.commit, "environment": used, **(tags or {})}
    return Job(work, title, key, entity, state, reason, named)


def _entity(azure: Azure, code: Path, used: str, work: str, asked: str, title: str) -> Any:
    from azure.ai.ml import Output, command
    from azure.ai.ml.entities import ManagedIdentityConfiguration

    training = azure.settings.training
    variables = {OVER: SETTINGS} if (code / SETTINGS).exists() else {}
    made: Any = command(
        code=str(code),
        command=f"python -m {WORKS}.{work} --asked ${{{{inputs.asked}}}} --answer ${{{{outputs.{OUTPUT}}}}}",
        inputs={"asked": encoded(asked)},
        outputs={OUTPUT: Output(type="uri_folder")},
        environment=f"azureml:{used}",
        environment_variables=variables,
        compute=azure.estate.compute_cluster,
        identity=ManagedIdentityConfiguration(client_id=azure.estate.training_identity_client_id),
        experiment_name=training.experiment,
        display_name=title,
    )
    made.set_limits(timeout=training.time_limit_minutes * 60)
    return made


def submit(azure: Azure, job: Job, *, force: bool = False) -> Submitted:
    """The job of this content that runs or ended well, else a new one. Raises MlopsError.

    A job that has ended stands for this one only where what it read is known to be the same.
    """
    known, name = find_job(azure, job.key, job.kind)
    status = known.status if known is not None else ""
    if known is not None and reusable(known, force) and (job.state or status != "Completed"):
        return Submitted(known.name, status, reused=True)
    with (
        azure.report.phase(f"submitting {name}"),
        tempfile.TemporaryDirectory(prefix="mlops-") as scratch,
    ):
        entity = job.entity(Path(scratch))
        entity.name, entity.tags = name, job.all_tags

        def send() -> Any:
            with without_its_own_output():
                return azure.ml.jobs.create_or_update(entity)

        azure.report.line(str(azure.granted(send, "submit jobs").studio_url))
    return Submitted(name, "Submitted", reused=False)


def follow(azure: Azure, name: str) -> None:
    """Show the job's output to its end. Raises MlopsError with the end of its log when it fails."""
    with azure.report.phase(f"job {name}"):
        ended, (step,) = Follower(azure, alone=True).follow(
            name, azure.settings.training.time_limit_minutes * 60
        )
    if ended != "Completed":
        raise MlopsError(
            f"The job {name} ended as {ended}.",
            "Correct what the end of its log names, then run the command again.",
            step.reason,
        )


def answer_of(azure: Azure, name: str) -> dict[str, Any]:
    """What the work of a job that ended well returned. Raises MlopsError."""
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        with without_its_own_output():
            azure.ml.jobs.download(name, download_path=scratch, output_name=OUTPUT)
        written = sorted(Path(scratch, "named-outputs", OUTPUT).rglob(ANSWER))
        if not written:
            raise MlopsError(
                f"The job {name} has no {ANSWER} in its output {OUTPUT}.",
                "Look at the job in the workspace, then run the command again with --force.",
            )
        return json.loads(written[0].read_text(encoding="utf-8"))


def carry_out(azure: Azure, job: Job, *, wait: bool = True, force: bool = False) -> dict[str, Any]:
    """Find or submit the job and follow it to its answer, which joins its name and status.

    With `wait` False a job that has not ended is not followed, and there is no answer. Raises MlopsError.
    """
    done = submit(azure, job, force=force)
    if done.reused:
        azure.report.line(f"the job {done.name} of the same content is {done.status}")
    told = {"job": done.name, "reused": done.reused}
    if done.status != "Completed":
        if not wait:
            return {**told, "status": done.status}
        (follow_steps if job.steps else follow)(azure, done.name)
    with azure.report.phase("results"):
        return {**told, "status": "Completed", **(job.answer or answer_of)(azure, done.name)}
