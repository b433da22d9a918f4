"""The program `mlops`, put together of commands. Each command is a file of ml/commands/.

Functions import heavy libraries themselves, so that `mlops --help` is quick.
"""

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Final

import typer

HELP: Final = (
    "The life of a model on Azure: train and register it, deploy it as a tested release, score with it."
    "\n\nEach command works on one environment, whose parts it learns from that stack's outputs "
    "(`pulumi up` first). Credentials are those of DefaultAzureCredential. Results go to standard output, "
    "progress to standard error."
)
Command = Callable[..., None] | ModuleType
"""A module has commands of its own: HELP and COMMANDS."""


def paragraphs(text: str) -> str:
    """A docstring with each paragraph in one line: typer would show the line breaks of the source."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n"))


def _add(to: typer.Typer, name: str, command: Callable[..., None], subject: str | None = None) -> None:
    to.command(name, help=paragraphs(command.__doc__ or ""), rich_help_panel=subject)(command)


def program(subjects: Mapping[str, Mapping[str, Command]]) -> typer.Typer:
    """The program of these commands. subjects: as `mlops --help` shows them."""
    made = typer.Typer(
        name="mlops",
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_nothing)  # so that a program of one command is called by its name as well
    for subject, commands in subjects.items():
        for name, command in commands.items():
            if isinstance(command, ModuleType):
                group = typer.Typer(help=command.HELP, no_args_is_help=True, rich_markup_mode="rich")
                for part, of_group in command.COMMANDS.items():
                    _add(group, part, of_group)
                made.add_typer(group, name=name, rich_help_panel=subject)
            else:
                _add(made, name, command, subject)
    return made


def _nothing() -> None: ...
