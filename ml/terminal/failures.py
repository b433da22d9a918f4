"""Ends a command that cannot do what it was asked, in words and with exit code 1."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from ml.errors import MlopsError


def known(error: Exception) -> "MlopsError | None":
    """An error of the Azure SDKs as MlopsError; None for a mistake of this program."""
    from ml.azure.clients import first_lines
    from ml.errors import MlopsError

    if isinstance(error, MlopsError):
        return error
    if not type(error).__module__.startswith("azure."):
        return None
    kind = type(error).__name__
    if kind in ("ClientAuthenticationError", "CredentialUnavailableError"):
        return MlopsError(
            "Azure does not know who is calling: no credential worked.",
            "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
            first_lines(error),
        )
    if kind in ("ServiceRequestError", "ServiceRequestTimeoutError", "ServiceResponseError"):
        return MlopsError(
            "Azure cannot be reached from here.",
            "Check the network, HTTPS_PROXY, and that this machine is in the estate's allow-listed ranges.",
            first_lines(error),
        )
    return MlopsError(
        f"Azure refused a call ({kind}).",
        "Correct what its words name, then run the command again.",
        first_lines(error, 8),
    )


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
