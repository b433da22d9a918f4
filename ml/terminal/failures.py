"""Ends a command that cannot do what it was asked, in words and with exit code 1."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

from ml.azure.known import known

if TYPE_CHECKING:
    from ml.errors import MlopsError


def _stop(error: "MlopsError", as_json: bool) -> NoReturn:
    from rich.console import Console
    from rich.markup import escape

    from ml.terminal.console import show

    if as_json:
        body = {"problem": error.problem, "remedy": error.remedy, "details": error.details}
        show({"error": body}, True, lambda: "")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]error:[/] {escape(error.problem)}")
    for line in error.details:
        console.print(f"  [dim]|[/] {escape(line)}")
    console.print(f"[bold]what to do:[/] {escape(error.remedy)}")
    raise typer.Exit(1)


@contextmanager
def honest(as_json: bool) -> Generator[None, None, None]:
    """Let known failures of the block end the program with exit code 1 and without a traceback."""
    try:
        yield
    except Exception as error:
        told = known(error)
        if told is None:
            raise
        _stop(told, as_json)
