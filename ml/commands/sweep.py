"""`mlops sweep`: hyper-parameters tried as jobs of their own, and the best of them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.azure.clients import Azure
from ml.azure.runs import FINISHED, TrackedRuns
from ml.commands.train import Request, find_or_submit, follow
from ml.errors import MlopsError
from ml.jobs import sweep as search
from ml.steps.train.space import BOOSTING, SPACE, number_of

if TYPE_CHECKING:
    from azure.ai.ml.entities import Job


def choices_of(azure: Azure, request: Request) -> dict[str, Any]:
    """What a sweep does beside data, code and environment."""
    training = azure.settings.training
    return {
        "kind": "sweep",
        **training.model_dump(include={"seed", "test_fraction"}),
        "trials": request.trials,
        "metric": search.METRIC,
    }


def sweep(azure: Azure, root: Path, request: Request) -> dict[str, Any]:
    """Try points of the search space, each as a job; an earlier sweep of the same content is taken instead.

    Raises MlopsError naming the failed step and its reason.
    """
    assemble = partial(search.assemble, at_once=azure.settings.tuning.sweep.at_once)
    job = find_or_submit(azure, root, request, choices_of(azure, request), "sweep", assemble)
    known = {"job": job.name, "reused": job.reused}
    if job.status != "Completed":
        if not request.wait:
            return {**known, "status": job.status}
        follow(azure, job.name, trials=True)
    with azure.report.phase("results"):
        return {**known, "status": "Completed", **results(azure, job.name)}


def results(azure: Azure, name: str) -> dict[str, Any]:
    """The trials of a sweep that has ended, the best first, as their runs logged them."""
    steps = (azure.ml.jobs.get(str(child.name)) for child in _children(azure, name))
    step = next((each for each in steps if each.type == "sweep"), None)
    if step is None:
        raise MlopsError(f"The job {name} has no sweep.", "Look at the job in the workspace.")
    chosen = str((step.properties or {}).get("best_child_run_id") or "")
    runs = TrackedRuns(azure)
    trials = [_trial(runs, child) for child in _children(azure, str(step.name))]
    best = next((trial for trial in trials if trial["trial"] == chosen), None)
    if best is None or best["value"] is None:
        raise MlopsError(
            f"The sweep {step.name} names no best trial.",
            f"Look at its trials in the workspace: each has to log {search.METRIC}.",
        )
    unknown = float("inf")
    trials.sort(key=lambda trial: unknown if trial["value"] is None else trial["value"])
    return {
        "sweep": str(step.name),
        "metric": search.METRIC,
        "goal": search.GOAL,
        "trials": trials,
        "best": best,
    }


def _children(azure: Azure, name: str) -> "list[Job]":
    return list(azure.ml.jobs.list(parent_job_name=name))


def _trial(runs: TrackedRuns, child: "Job") -> dict[str, Any]:
    name, status = str(child.name), str(getattr(child.status, "value", child.status))
    if status not in FINISHED:
        raise MlopsError(
            f"The trial {name} is {status}.", "Wait for its end, then run the same command again."
        )
    run = runs.run(name)
    values = {
        each.name: number_of(each, float(run.params[f"{BOOSTING}.{each.name}"]))
        for each in SPACE
        if f"{BOOSTING}.{each.name}" in run.params
    }
    return {"trial": name, "status": status, "value": run.metrics.get(search.METRIC), "values": values}
