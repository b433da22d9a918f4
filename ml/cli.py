"""`mlops`: the model's life in an estate that infra/ built. Each command is a file of ml/commands/.

Functions import heavy libraries themselves, so that `mlops --help` is quick.
"""

import inspect
from collections.abc import Callable

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
    key,
    labels,
    manifests,
    monitor,
    precomputed,
    promote,
    publish,
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

COMMANDS: dict[str, Callable[..., None]] = {
    "doctor": doctor.command,
    "publish": publish.command,
    "train": train.command,
    "sweep": sweep.command,
    "card": card.command,
    "deploy": deploy.command,
    "undeploy": undeploy.command,
    "key": key.command,
    "approve": approve.command,
    "score": score.command,
    "batch": batch.command,
    "wheel": wheel.command,
    "edge": edge.command,
    "labels": labels.command,
    "quality": quality.command,
    "catalogue": catalogue.command,
    "collect": collect.command,
    "forget": forget.command,
    "manifests": manifests.command,
    "promote": promote.command,
    "rollback": rollback.command,
    "status": status.command,
    "monitor": monitor.command,
}

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


for _name, _command in COMMANDS.items():
    app.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)


_releases = typer.Typer(help=release.HELP, no_args_is_help=True, rich_markup_mode="rich")
for _name, _command in release.COMMANDS.items():
    _releases.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)
app.add_typer(_releases, name="release")

_fleets = typer.Typer(help=fleet.HELP, no_args_is_help=True, rich_markup_mode="rich")
for _name, _command in fleet.COMMANDS.items():
    _fleets.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)
app.add_typer(_fleets, name="fleet")

_features = typer.Typer(help=features.HELP, no_args_is_help=True, rich_markup_mode="rich")
for _name, _command in features.COMMANDS.items():
    _features.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)
app.add_typer(_features, name="features")

_triggers = typer.Typer(help=trigger.HELP, no_args_is_help=True, rich_markup_mode="rich")
for _name, _command in trigger.COMMANDS.items():
    _triggers.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)
app.add_typer(_triggers, name="trigger")

_precomputed = typer.Typer(help=precomputed.HELP, no_args_is_help=True, rich_markup_mode="rich")
for _name, _command in precomputed.COMMANDS.items():
    _precomputed.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)
app.add_typer(_precomputed, name="precomputed")

_schedules = typer.Typer(help=schedule.HELP, no_args_is_help=True, rich_markup_mode="rich")
for _name, _command in schedule.COMMANDS.items():
    _schedules.command(_name, help=paragraphs(_command.__doc__ or ""))(_command)
app.add_typer(_schedules, name="schedule")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
