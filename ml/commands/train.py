"""`mlops train`: from a data file to a registered model, or to the reason why there is none."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options, preflight
from ml.terminal.console import number, numbers, table
from ml.terminal.failures import honest
from ml.terminal.run import STORAGE, run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.jobs.submission import Kind, Request
    from ml.settings import Settings

RESULT_FILES = {
    "evaluation": "metrics.json",
    "decision": "decision.json",
    "registration": "registration.json",
}


def command(
    env: options.Environment,
    data: options.Data = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="The metric that decides: roc_auc, average_precision, brier, log_loss or cost.",
            show_default="training.metric in ml/settings.toml",
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,  # as in the settings; without it typer would take infinity
            help="By how much at least a new model must be better.",
            show_default="training.margin in ml/settings.toml",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="How many hyper-parameters are tried.",
            show_default="tuning.trials in ml/settings.toml",
        ),
    ] = None,
    override: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Register the model although it is not better, and record why; its bounds must hold.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Why it is trained, recorded with the run and its model."),
    ] = None,
    started_by: Annotated[
        str, typer.Option(help="What starts it: person, schedule, data or metric.")
    ] = "person",
    event: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The id of what starts it, when it is no person."),
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="NAME:VERSION or latest: one more candidate adds trees to this registered model.",
        ),
    ] = None,
    wait: options.Wait = True,
    force: options.Force = False,
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a model on a data set, compare it with the champion, and register it when it is better.

    The run is started by the endpoint of the published pipeline, which `mlops publish` makes and every other
    start uses; what of the pipeline is new is published before.

    A model that is not better than the champion, or that is outside its bounds, is not registered: the
    command says why and ends with exit code 0. With --override, a model that is not better is registered all
    the same, and the reason that you give is recorded with it.

    When a step fails, the command names it with its reason and ends with exit code 1.

    When a job of the same data, code, environment and settings runs already or ended well, the command takes
    its result and submits no other one, unless you give --force.
    """
    with honest(as_json):
        if metric is not None:
            preflight.check_metric(metric)
        overridden = preflight.reason_of(override)
        why = preflight.started(started_by, reason, event)
        preflight.check_data(data)
        preflight.check_start(start_from)

    def train(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.jobs.submission import Request, carry_out

        chosen = azure.settings.training
        request = Request(
            data=options.address(data, azure.settings, root),
            metric=metric or chosen.metric,
            margin=chosen.margin if margin is None else margin,
            trials=trials or azure.settings.tuning.trials,
            wait=wait,
            force=force,
            rebuild=rebuild,
            override=overridden,
            start_from=None if start_from is None else begun(azure, start_from),
            reason=why,
        )
        return carry_out(azure, root, request, kind())

    run(env, as_json, quiet, train, render, imports=STORAGE)


def begun(azure: "Azure", reference: str) -> str:
    """The model that a training starts from, as NAME:VERSION. Raises MlopsError when there is none."""
    from ml.azure import models

    return models.find(azure, reference).reference


def kind() -> "Kind":
    from ml.jobs import pipeline
    from ml.jobs.submission import Kind
    from ml.published.start import begin

    return Kind("train", pipeline.STEPS, (pipeline,), choices_of, begin, results)


def choices_of(settings: "Settings", request: "Request") -> dict[str, Any]:
    """What a training does beside data, code and environment."""
    from ml.steps.bounds import text_of

    return {
        **settings.training.model_dump(include={"model_name", "seed"}),
        **settings.training.split(),
        "costs": settings.training.costs(),
        "metric": request.metric,
        "margin": request.margin,
        "trials": request.trials,
        "start": settings.tuning.start.given(),
        "candidates": settings.tuning.candidates,
        "start_from": request.start_from,
        "bounds": text_of(settings.bounds.bounds()),
        "override": request.override,
    }


def results(azure: "Azure", job: str) -> dict[str, Any]:
    """What the steps of a training that has ended say of its model."""
    found = summary(read_results(azure, job))
    if found["registered"]:
        _check_registered(azure, job, found["model"])
    return found


def _check_registered(azure: "Azure", job: str, model: str) -> None:
    """Raises MlopsError when somebody deleted the version that the job registered."""
    from azure.core.exceptions import ResourceNotFoundError

    from ml.azure import models
    from ml.errors import MlopsError

    name, _, version = model.rpartition(":")
    try:
        models.get(azure, name, version)
    except ResourceNotFoundError as error:
        raise MlopsError(
            f"The job {job} registered {model}, which is no longer in {azure.estate.workspace}.",
            "Train again with --force.",
        ) from error


def read_results(azure: "Azure", job: str) -> dict[str, Any]:
    """What the pipeline's last steps wrote: `evaluation`, `decision`, `registration`."""
    from ml.azure import datastores
    from ml.azure.runs import Runs
    from ml.errors import MlopsError

    found: dict[str, Any] = {}
    places = Runs(azure).outputs(job, RESULT_FILES)
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        for output, file in RESULT_FILES.items():
            place = datastores.place_of(azure, places.get(output, ""))
            folder = Path(scratch, output)
            if place is not None:
                datastores.download(azure, *place, folder, "read the job's outputs")
            written = sorted(folder.rglob(file))
            if not written:
                raise MlopsError(
                    f"The job {job} has no {file} in its output {output}.",
                    "Look at the job in the workspace, then train again with --force.",
                )
            found[output] = json.loads(written[0].read_text(encoding="utf-8"))
    return found


def summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """The command's answer, from what the steps wrote."""
    decision, registration = found["decision"], found["registration"]
    registered = bool(registration["registered"])
    return {
        "registered": registered,
        "model": f"{registration['name']}:{registration['version']}" if registered else None,
        "reason": registration.get("reason") or decision.get("reason"),
        "metrics": found["evaluation"],
        "decision": decision,
        "broken_bounds": list(registration.get("broken_bounds") or ()),
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    """The outcome, and the metrics beside the champion's."""
    job = f"job {answer['job']}" + (" (found by its content, not trained again)" if answer["reused"] else "")
    if "registered" not in answer:
        return f"{job}: {answer['status']}. The same command without --no-wait follows it."
    decision = answer["decision"]
    outside = answer.get("broken_bounds") or []
    if answer["registered"]:
        headline = f"[bold green]registered {escape(str(answer['model']))}[/]"
    else:
        headline = f"[bold yellow]{'outside its bounds' if outside else 'not better'}: skipped[/]"
    champion = decision.get("champion")
    title = f"champion (version {decision.get('champion_version')})" if champion is not None else "champion"
    rows = table("Metrics on the fixed test rows", "metric", "this model", title)
    before = champion if isinstance(champion, Mapping) else {decision.get("metric"): champion}
    for name, value in numbers(answer["metrics"]).items():
        marked = f"[bold]{escape(name)}[/]" if name == decision.get("metric") else escape(name)
        rows.add_row(marked, number(value), number(before.get(name)))
    lines: list[RenderableType] = [headline, f"{escape(str(answer.get('reason') or ''))}", f"[dim]{job}[/]"]
    return Group(*[line for line in lines if line], rows)
