"""What every command does around its own work."""

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from ml.terminal.failures import honest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ml.azure.clients import Azure


STORAGE: Final = ("azure.identity", "azure.storage.blob")
"""What signing in, and reading or writing blobs, imports: 0.7 s of computing, beside Pulumi's 0.5 s."""


def run(
    environment: str,
    as_json: bool,
    quiet: bool,
    work: "Callable[[Azure, Path], dict[str, Any]]",
    render: "Callable[[dict[str, Any]], RenderableType]",
    *,
    stored: bool = False,
    imports: tuple[str, ...] = (),
) -> None:
    """Read the estate, do the work on it in this checkout, show its answer.

    stored: the work touches releases and approvals alone, which those may do who cannot read the stack
    imports: modules that the work will import, and that are imported while the stack's outputs are read
    """
    from ml.azure.clients import Azure
    from ml.estate import project_root, read_estate
    from ml.release import place
    from ml.settings import settings
    from ml.terminal.console import Report, show

    with honest(as_json):
        settings()  # a wrong one is named before anything is asked of the stack
        report, root = Report(quiet), project_root()
        if stored:
            azure = Azure(place.estate_of(environment, root), report)
        else:
            with report.phase(f"reading the outputs of the stack {environment}"):
                beside = Thread(target=_imported, args=(imports,))
                beside.start()
                azure = Azure(read_estate(environment, root), report)
                # Two threads that import packages whose modules import one another, as those of kubernetes
                # do, see them half made: nobody else imports them before this one has.
                beside.join()
        answer = work(azure, root)
        show(answer, as_json, lambda: render(answer))


def _imported(names: tuple[str, ...]) -> None:
    for name in names:
        with suppress(ImportError):  # whoever needs it imports it again, and says what is missing
            import_module(name)
