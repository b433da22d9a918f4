"""`mlops sweep`: hyper-parameters tried as jobs of their own, and the best of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.azure.words import word
from ml.errors import MlopsError
from ml.steps.train.space import BOOSTING, SPACE, number_of
from ml.terminal import options, preflight
from ml.terminal.console import table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from azure.ai.ml.entities import Job

    from ml.azure.clients import Azure
    from ml.azure.runs import Runs
    from ml.jobs.submission import Kind, Request
    from ml.settings import Settings


def command(
    env: options.Environment,
    data: options.Data = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="How many points of the search space are tried, each as a job.",
            show_default="tuning.sweep.trials in ml/settings.toml",
        ),
    ] = None,
    wait: options.Wait = True,
    force: options.Force = False,
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Try hyper-parameters of the train step as an Azure ML sweep, and show the trials and the best of them.

    Nothing is registered. The best values can be written into ml/settings.toml as tuning.start, where the
    search of the next `mlops train` begins.
    """
    with honest(as_json):
        preflight.check_data(data)

    def try_points(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.jobs.submission import Request, carry_out

        chosen = azure.settings
        request = Request(
            data=options.address(data, chosen, root),
            metric=chosen.training.metric,
            margin=chosen.training.margin,
            trials=trials or chosen.tuning.sweep.trials,
            wait=wait,
            force=force,
            rebuild=rebuild,
        )
        return carry_out(azure, root, request, kind())

    run(env, as_json, quiet, try_points, render)


def kind() -> "Kind":
    from ml.jobs import pipeline, sweep
    from ml.jobs.submission import Kind

    return Kind("sweep", sweep.STEPS, (pipeline, sweep), choices_of, sweep.begin, results, trials=True)


def choices_of(settings: "Settings", request: "Request") -> dict[str, Any]:
    """What a sweep does beside data, code and environment."""
    from ml.jobs import sweep

    return {
        "kind": "sweep",
        **settings.training.model_dump(include={"seed"}),
        **settings.training.split(),
        "trials": request.trials,
        "metric": sweep.METRIC,
    }


def results(azure: "Azure", name: str) -> dict[str, Any]:
    """The trials of a sweep that has ended, the best first, as their runs logged them."""
    from ml.azure.runs import Runs
    from ml.jobs import sweep

    steps = (azure.ml.jobs.get(str(child.name)) for child in _children(azure, name))
    step = next((each for each in steps if each.type == "sweep"), None)
    if step is None:
        raise MlopsError(f"The job {name} has no sweep.", "Look at the job in the workspace.")
    chosen = str((step.properties or {}).get("best_child_run_id") or "")
    runs = Runs(azure)
    trials = [_trial(runs, child) for child in _children(azure, str(step.name))]
    best = next((trial for trial in trials if trial["trial"] == chosen), None)
    if best is None or best["value"] is None:
        raise MlopsError(
            f"The sweep {step.name} names no best trial.",
            f"Look at its trials in the workspace: each has to log {sweep.METRIC}.",
        )
    unknown = float("inf")
    trials.sort(key=lambda trial: unknown if trial["value"] is None else trial["value"])
    return {
        "sweep": str(step.name),
        "metric": sweep.METRIC,
        "goal": sweep.GOAL,
        "trials": trials,
        "best": best,
    }


def _children(azure: "Azure", name: str) -> "list[Job]":
    return list(azure.ml.jobs.list(parent_job_name=name))


def _trial(runs: "Runs", child: "Job") -> dict[str, Any]:
    from ml.azure.runs import FINISHED
    from ml.jobs import sweep

    name, status = str(child.name), word(child.status)
    if status not in FINISHED:
        raise MlopsError(
            f"The trial {name} is {status}.", "Wait for its end, then run the same command again."
        )
    logged = runs.tracked(name)
    values = {
        each.name: number_of(each, float(logged.params[f"{BOOSTING}.{each.name}"]))
        for each in SPACE
        if f"{BOOSTING}.{each.name}" in logged.params
    }
    return {"trial": name, "status": status, "value": logged.metrics.get(sweep.METRIC), "values": values}


def render(answer: Mapping[str, Any]) -> RenderableType:
    """The trials, the best first, and what to write into the settings to begin a training with its values."""
    job = f"job {answer['job']}" + (" (found by its content, not run again)" if answer["reused"] else "")
    if "best" not in answer:
        return f"{job}: {answer['status']}. The same command without --no-wait follows it."
    best = answer["best"]
    rows = table(f"Trials, {answer['goal']} {answer['metric']}", "trial", "value", "values")
    for trial in answer["trials"]:
        value = trial["status"] if trial["value"] is None else f"{trial['value']:.5f}"
        values = ", ".join(f"{name} {number:.4g}" for name, number in trial["values"].items())
        shown = escape(trial["trial"].rsplit("_", 1)[-1])
        marked = f"[bold green]{shown} best[/]" if trial["trial"] == best["trial"] else shown
        rows.add_row(marked, value, values)
    taken = "\n".join(f"{name} = {value}" for name, value in best["values"].items())
    advice = (
        "To begin the next training's search with the best values,\n"
        "put these in place of what stands under \\[tuning.start] in ml/settings.toml:"
    )
    return Group(rows, f"[dim]{job}[/]", advice, taken)
