"""`mlops`: the model's life in an estate that infra/ built. Each command is a file of ml/commands/.

Functions import heavy libraries themselves, so that `mlops --help` is quick.
"""

import inspect
from collections.abc import Callable
from types import ModuleType

import typer

from ml.commands import (
    approve,
    batch,
    card,
    catalogue,
    collect,
    deploy,
    doctor,
    edge,
    features,
    fleet,
    forget,
    functions,
    key,
    labels,
    manifests,
    monitor,
    precomputed,
    promote,
    publish,
    push,
    quality,
    release,
    rollback,
    schedule,
    score,
    status,
    sweep,
    train,
    trigger,
    undeploy,
    wheel,
)

SUBJECTS: dict[str, dict[str, Callable[..., None] | ModuleType]] = {
    "Before anything exists": {"doctor": doctor.command},
    "Training, features, fleets": {
        "train": train.command,
        "sweep": sweep.command,
        "publish": publish.command,
        "card": card.command,
        "features": features,
        "fleet": fleet,
    },
    "Stage": {
        "deploy": deploy.command,
        "undeploy": undeploy.command,
        "key": key.command,
        "score": score.command,
    },
    "Release and production": {
        "release": release,
        "approve": approve.command,
        "manifests": manifests.command,
        "promote": promote.command,
        "rollback": rollback.command,
    },
    "Batches and predictions by key": {
        "batch": batch.command,
        "precomputed": precomputed,
        "schedule": schedule,
    },
    "What was answered, and labels": {
        "collect": collect.command,
        "labels": labels.command,
        "quality": quality.command,
        "push": push.command,
        "forget": forget.command,
        "catalogue": catalogue.command,
    },
    "On call, and the next training": {
        "status": status.command,
        "monitor": monitor.command,
        "trigger": trigger,
    },
    "Without a server": {"wheel": wheel.command, "edge": edge.command, "functions": functions},
}
"""What `mlops --help` shows, by subject. A module has commands of its own: HELP and COMMANDS."""

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


def paragraphs(text: str) -> str:
    """A docstring with each paragraph in one line: typer would show the line breaks of the source."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n"))


def _add(to: typer.Typer, name: str, command: Callable[..., None], subject: str | None = None) -> None:
    to.command(name, help=paragraphs(command.__doc__ or ""), rich_help_panel=subject)(command)


for _subject, _commands in SUBJECTS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, ModuleType):
            _group = typer.Typer(help=_command.HELP, no_args_is_help=True, rich_markup_mode="rich")
            for _part, _of_group in _command.COMMANDS.items():
                _add(_group, _part, _of_group)
            app.add_typer(_group, name=_name, rich_help_panel=_subject)
        else:
            _add(app, _name, _command, _subject)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
