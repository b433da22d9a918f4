"""`mlops fleet train`: from a declaration and a data set to a registered fleet."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.errors import MlopsError
from ml.terminal import options, preflight
from ml.terminal.console import facts, number, numbers, table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.fleet.pipeline import Declared
    from ml.fleet.plan import Planned
    from ml.jobs.submission import Kind, Request
    from ml.settings import Settings
    from ml.sources.address import Address

MOST_SHOWN = 20
REGISTRATION = "registration.json"
File = Annotated[Path, typer.Argument(metavar="FILE", help="The fleet's declaration, as fleets/NAME.toml.")]


def command(
    file: File,
    env: options.Environment,
    data: options.Data = None,
    wait: options.Wait = True,
    force: options.Force = False,
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a model for each member of a fleet, and register them, with a pooled model of all rows, as one.

    A member with too few rows, or whose model is outside its bounds, is answered for by the pooled model: by
    rule, and it says so. So is one whose training failed; then the exit code is 1, though the fleet is
    registered. Nothing is registered where the pooled model is outside its bounds or too many members failed.
    """
    failed: list[str] = []
    with honest(as_json):
        fleet = declared(file)
        preflight.check_settings()
        preflight.check_data(data)

    def train(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.jobs.submission import Request, carry_out

        address = options.address(data, azure.settings, root)
        with azure.report.phase(f"members of {fleet.declaration.name}"):
            members = planned(azure, address, fleet)
        chosen = azure.settings.training
        request = Request(
            data=address,
            metric=chosen.metric,
            margin=chosen.margin,
            trials=azure.settings.tuning.trials,
            wait=wait,
            force=force,
            rebuild=rebuild,
        )
        answer = carry_out(azure, root, request, kind(fleet))
        failed.extend(answer.get("failed") or ())
        by_rule = {one.key: one.reason for one in members if one.reason}
        return {
            "environment": env,
            "fleet": fleet.declaration.name,
            "planned": {"trained": len(members) - len(by_rule), "by_rule": by_rule},
            **answer,
        }

    run(env, as_json, quiet, train, render, imports=("azure.ai.ml",))
    if failed:
        raise typer.Exit(1)


def declared(file: Path) -> "Declared":
    """The declaration of a file. Raises MlopsError with all that is wrong in it."""
    from ml.fleet.declaration import DeclarationError, parse
    from ml.fleet.pipeline import Declared

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MlopsError(
            f"The declaration {file} cannot be read: {error}.", "Name a file that can."
        ) from error
    try:
        return Declared(parse(text), text)
    except DeclarationError as error:
        raise MlopsError(
            f"{file} is no declaration of a fleet.",
            "Correct what is named (docs/fleets.md).",
            list(error.problems),
        ) from error


def planned(azure: "Azure", address: "Address", fleet: "Declared") -> "list[Planned]":
    """The members of a data set, before anything starts. Raises MlopsError where none would be trained."""
    import pyarrow.parquet as pq

    from ml.fleet.plan import keys_of, plan
    from ml.jobs import columns
    from ml.jobs.data import as_parquet
    from ml.jobs.submission import read_data
    from ml.steps.contract import LABEL
    from ml.steps.errors import StepError

    declaration = fleet.declaration
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        given = read_data(azure, address)
        columns.check(given)
        file = as_parquet(given, Path(scratch))
        rows: Any = pq.read_table(file.path, columns=[*declaration.split, LABEL]).to_pandas()
    try:
        found = plan(keys_of(rows, declaration.split), rows[LABEL].tolist(), declaration)
    except StepError as error:
        raise MlopsError(f"The fleet {declaration.name}: {error}.", "Correct data or declaration.") from error
    by_rule = [one for one in found if one.reason]
    azure.report.line(f"{len(found)} members, {len(found) - len(by_rule)} are trained")
    for one in by_rule[:MOST_SHOWN]:
        azure.report.line(f"{one.key} falls back: {one.reason}")
    if len(by_rule) == len(found):
        raise MlopsError(
            f"No member of the fleet {declaration.name} has rows enough: minimum_rows is "
            f"{declaration.minimum_rows}, minimum_label_rows {declaration.minimum_label_rows}.",
            "Lower them, split by other columns, or train one model: `mlops train`.",
            [f"{one.key}: {one.reason}" for one in by_rule[:MOST_SHOWN]],
        )
    return found


def kind(fleet: "Declared") -> "Kind":
    from ml.fleet import pipeline
    from ml.jobs import pipeline as whole
    from ml.jobs.submission import Inputs, Kind, Made

    def begin(azure: "Azure", request: "Request", inputs: Inputs, made: Made, name: str) -> None:
        pipeline.begin(azure, request, inputs, made, name, fleet)

    def choices(settings: "Settings", request: "Request") -> dict[str, Any]:
        """What the training of a fleet does beside data, code and environment."""
        return {
            "kind": "fleet",
            **settings.training.model_dump(include={"seed"}),
            **settings.training.split(),
            "costs": settings.training.costs(),
            "trials": request.trials,
            "start": settings.tuning.start.given(),
            "declaration": fleet.text,
        }

    steps, packages = pipeline.STEPS, pipeline.PACKAGES
    return Kind("fleet", steps, (whole, pipeline), choices, begin, results, more=packages)


def results(azure: "Azure", job: str) -> dict[str, Any]:
    """What the step gather says. Raises MlopsError where it says nothing."""
    import json

    from ml.azure.clients import without_its_own_output

    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        with without_its_own_output():
            azure.ml.jobs.download(job, download_path=scratch, output_name="registration")
        written = sorted(Path(scratch).rglob(REGISTRATION))
        if not written:
            raise MlopsError(
                f"The job {job} has no {REGISTRATION}.", "Look at the job, then train again with --force."
            )
        found: dict[str, Any] = json.loads(written[0].read_text(encoding="utf-8"))
    return {**found, "model": f"{found['name']}:{found['version']}"}


def render(answer: Mapping[str, Any]) -> RenderableType:
    """What was registered, who falls back and why."""
    job = f"job {answer['job']}" + (" (found by its content, not trained again)" if answer["reused"] else "")
    if "registered" not in answer:
        return f"{job}: {answer['status']}. The same command without --no-wait follows it."
    figures = {name: number(value) for name, value in numbers(answer["metrics"]).items()}
    told = facts(
        f"Registered {answer['model']}",
        {
            "digest": answer["digest"],
            "members": f"{answer['members']}, {len(answer['fallbacks'])} of them fall back",
            "pooled": ", ".join(f"{name} {figures[name]}" for name in ("roc_auc", "log_loss")),
            "job": job,
        },
    )
    return Group(told, *fallen(answer["fallbacks"], list(answer["failed"])))


def fallen(fallbacks: Mapping[str, str], failed: Sequence[str]) -> list[RenderableType]:
    """The members that fall back, those that failed first."""
    if not fallbacks:
        return []
    made = table("Answered for by the pooled model", "member", "why")
    for key in sorted(fallbacks, key=lambda key: (key not in failed, key))[:MOST_SHOWN]:
        shown = f"[red]failed[/]: {escape(fallbacks[key])}" if key in failed else escape(fallbacks[key])
        made.add_row(escape(key), shown)
    more = len(fallbacks) - MOST_SHOWN
    return [made, *([f"and {more} more: --json has all of them"] if more > 0 else [])]
