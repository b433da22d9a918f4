"""`mlops`: the model's life in an estate that infra/ built.

What is heavy is imported by the command that needs it, so that `mlops --help` is quick.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml import preflight
from ml.failures import honest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ml.azure.clients import Azure
    from ml.sources.address import Address

app = typer.Typer(
    name="mlops",
    help="The life of a model on Azure: train and register it, deploy it as a tested release, score with it."
    "\n\nEach command works on one environment, whose parts it learns from that stack's outputs "
    "(`pulumi up` first). Credentials are those of DefaultAzureCredential. Results go to standard output, "
    "progress to standard error.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Environment = Annotated[
    str, typer.Option("--env", "-e", metavar="STACK", help="The environment: a Pulumi stack, e.g. stage.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Wait = Annotated[bool, typer.Option(help="Follow the job to its end.")]
Data = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="The data set, parquet or csv: a path, s3://, https:// or abfss:// (Azure storage), "
        "azureml://datastores/… or azureml:NAME:VERSION.",
        show_default="data.path in ml/settings.toml",
    ),
]


def _run(
    environment: str,
    as_json: bool,
    quiet: bool,
    command: "Callable[[Azure, Path], dict[str, Any]]",
    render: "Callable[[dict[str, Any]], RenderableType]",
) -> None:
    """Read the estate, run the command, show its answer."""
    from ml.azure.clients import Azure
    from ml.console import Report, show
    from ml.estate import project_root, read_estate
    from ml.settings import settings

    with honest(as_json):
        settings()  # a wrong one is named before anything is asked of the stack
        report, root = Report(quiet), project_root()
        with report.phase(f"reading the outputs of the stack {environment}"):
            azure = Azure(read_estate(environment, root), report)
        answer = command(azure, root)
        show(answer, as_json, lambda: render(answer))


def _data_path(given: Path | None, default: Path, root: Path) -> Path:
    """The default is relative to the checkout, what a person gives to the current directory."""
    return given if given is not None else root / default


def _address(data: str | None, azure: "Azure", root: Path) -> "Address":
    from ml.sources.address import LocalFile, parse

    return LocalFile(root / azure.settings.data.path) if data is None else parse(data)


@app.command()
def train(
    env: Environment,
    data: Data = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help='What "better" is measured by.', show_default="training.metric in ml/settings.toml"
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,  # as in the settings; without it infinity would do
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
    wait: Wait = True,
    force: Annotated[
        bool, typer.Option("--force", help="Train again although a job of the same content succeeded.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a model on a data set, compare it with the champion, and register it when it is better.

    A model that is not better (unless --override says why), or outside its bounds, is a clean skip (exit
    code 0). A step that fails is named with its reason (exit code 1). The same data, code, environment and
    settings find their own earlier job.
    """
    from ml import render

    with honest(as_json):
        if metric is not None:
            preflight.check_metric(metric)
        reason = preflight.reason_of(override)
        preflight.check_data(data)

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.commands.train import Request
        from ml.commands.train import train as run

        chosen = azure.settings.training
        return run(
            azure,
            root,
            Request(
                data=_address(data, azure, root),
                metric=metric or chosen.metric,
                margin=chosen.margin if margin is None else margin,
                trials=trials or azure.settings.tuning.trials,
                wait=wait,
                force=force,
                override=reason,
            ),
        )

    _run(env, as_json, quiet, command, render.training)


@app.command()
def sweep(
    env: Environment,
    data: Data = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="How many points of the search space are tried, each as a job.",
            show_default="tuning.sweep.trials in ml/settings.toml",
        ),
    ] = None,
    wait: Wait = True,
    force: Annotated[
        bool, typer.Option("--force", help="Sweep again although a job of the same content succeeded.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Try hyper-parameters of the train step as an Azure ML sweep, and show the trials and the best of them.

    Nothing is registered. The best values can be written into ml/settings.toml as tuning.start, where the
    search of the next `mlops train` begins.
    """
    from ml import render

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.commands.sweep import sweep as run
        from ml.commands.train import Request

        chosen = azure.settings
        return run(
            azure,
            root,
            Request(
                data=_address(data, azure, root),
                metric=chosen.training.metric,
                margin=chosen.training.margin,
                trials=trials or chosen.tuning.sweep.trials,
                wait=wait,
                force=force,
            ),
        )

    with honest(as_json):
        preflight.check_data(data)
    _run(env, as_json, quiet, command, render.sweep)


@app.command()
def card(
    env: Environment,
    model: Annotated[
        str, typer.Option(metavar="NAME:VERSION", help="The registered model, or the latest one.")
    ] = "latest",
    output: Annotated[Path | None, typer.Option(help="Write the card's page (HTML) to this file.")] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the card's page in the browser.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show the card of a registered model: what it is for, how good, how fair, how fast, and its bounds."""
    from ml import render

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.commands.card import card as run

        return run(azure, model, output, browse)

    with honest(as_json):
        preflight.check_model(model)
        if output is not None:
            from ml.commands.card import check_output

            check_output(output)
    _run(env, as_json, quiet, command, render.card)


@app.command()
def deploy(
    env: Environment,
    model: Annotated[
        str, typer.Option(metavar="NAME:VERSION", help="The registered model, or the latest one.")
    ] = "latest",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Build the model's image once, deploy it, wait until it is ready, test it, and record the release."""
    from ml import render

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.deploy.deploy import deploy as run

        return run(azure, root, model)

    with honest(as_json):
        preflight.check_model(model)
        preflight.check_variables()
    _run(env, as_json, quiet, command, render.deployment)


@app.command()
def undeploy(env: Environment, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Remove what deploy put there: needed before `pulumi destroy` where the service stands in a subnet.

    Models, images and release records stay.
    """
    from ml import render

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.deploy import group

        with azure.report.phase(f"removing the container group of {env}"):
            return {"environment": env, "removed": group.down(env, azure.report)}

    _run(env, as_json, quiet, command, render.removal)


@app.command()
def score(
    env: Environment,
    rows: Annotated[int, typer.Option(min=1, help="How many rows, drawn from the whole file.")] = 20,
    file: Annotated[
        Path | None,
        typer.Option(help="Rows, parquet or csv.", show_default="data.path in ml/settings.toml"),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Send real rows to the deployed service and show predictions, outliers and drift."""
    from ml import render

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.commands.score import score as run

        return run(azure, _data_path(file, azure.settings.data.path, root), rows)

    with honest(as_json):
        if file is not None:
            from ml.commands.score import check_file

            check_file(file)
    _run(env, as_json, quiet, command, render.scores)


@app.command()
def status(env: Environment, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """What is registered and what is deployed."""
    from ml import render

    def command(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.commands.status import status as run

        return run(azure)

    _run(env, as_json, quiet, command, render.state)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
