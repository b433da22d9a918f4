"""How far a batch is: a bar on a terminal, else a line at each tenth."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ml.batch.run import Told
    from ml.terminal.console import Report


@contextmanager
def shown(report: Report) -> Generator[Told]:
    """A function that takes the rows that were read so far, and all of them where that is known."""
    if not report.console.is_terminal:
        tenths: set[int] = set()

        def line(read: int, rows: int | None) -> None:
            tenth = read // 1_000_000 if rows is None else 10 * read // max(1, rows)
            if tenth not in tenths:
                tenths.add(tenth)
                report.line(f"{read:,} rows" + ("" if rows is None else f" of {rows:,}"))

        yield line
        return
    columns = (TextColumn("  rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=report.console, transient=True) as progress:
        task = progress.add_task("rows", total=None)
        yield lambda read, rows: progress.update(task, completed=read, total=rows)
