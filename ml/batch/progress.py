"""How far a batch is: a bar on a terminal, else a line at each tenth."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ml.batch.told import lines

if TYPE_CHECKING:
    from ml.batch.run import Told
    from ml.terminal.console import Report


@contextmanager
def shown(report: Report) -> Generator[Told]:
    """A function that takes the rows that were read so far, and all of them where that is known."""
    if not report.console.is_terminal:
        yield lines(report.line)
        return
    columns = (TextColumn("  rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=report.console, transient=True) as progress:
        task = progress.add_task("rows", total=None)
        yield lambda read, rows: progress.update(task, completed=read, total=rows)
