"""What a person sees: progress on standard error, the result on standard output (a table, or JSON)."""

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

DECIMALS = 4  # of numbers in a table


class Report:
    """Progress of one command, written to standard error so that standard output holds the result only."""

    def __init__(self, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False, quiet=quiet, soft_wrap=True)

    @contextmanager
    def phase(self, title: str) -> Generator[None, None, None]:
        """Announce a phase, and say how many seconds it took when it ends well."""
        self.console.print(f"[bold cyan]>[/] {escape(title)}")
        began = time.monotonic()
        yield
        self.console.print(f"  [dim]{time.monotonic() - began:.1f} s[/]")

    def line(self, text: str) -> None:
        self.console.print(f"  {escape(text)}")

    def log(self, source: str, text: str) -> None:
        """A line of somebody else's output, with its source before it."""
        self.console.print(f"  [dim]{escape(source)} |[/] {escape(text)}")

    def warn(self, text: str) -> None:
        self.console.print(f"  [yellow]warning:[/] {escape(text)}")

    @contextmanager
    def transfer(self, title: str, total: int) -> Generator[Callable[[int], None], None, None]:
        """Show a transfer as a bar on a terminal, else as a line. The function takes the bytes done."""
        if not self.console.is_terminal:
            self.line(f"{title} ({total / 1e6:.2f} MB)")
            yield lambda done: None
            return
        columns = (TextColumn("  {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done: progress.update(task, completed=done)
        self.line(f"{title} ({total / 1e6:.2f} MB)")


def show(payload: Mapping[str, Any], as_json: bool, render: Callable[[], RenderableType]) -> None:
    """The result on standard output: JSON for programs, else what `render` makes of it."""
    if as_json:
        print(json.dumps(payload, indent=2, sort_keys=True, default=str))
        return
    Console(highlight=False).print(render(), soft_wrap=True)


def table(title: str, *headings: str) -> Table:
    """A table whose first column, which tells rows apart, and releases stay whole: they can be copied."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", min_width=len(title)
    )
    for number_, heading in enumerate(headings):
        made.add_column(heading, overflow="fold", no_wrap=number_ == 0 or heading == "release")
    return made


def facts(title: str, rows: Mapping[str, object]) -> RenderableType:
    """Names and values, a line each; no line is broken, so that addresses and digests can be copied."""
    width = max(map(len, rows), default=0)
    lines = [f"  [cyan]{escape(name.ljust(width))}[/]  {escape(str(value))}" for name, value in rows.items()]
    return Group(f"[bold]{escape(title)}[/]", *lines)


def number(value: Any) -> str:
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else "-" if value is None else str(value)


def numbers(value: Any) -> dict[str, Any]:
    """The numbers of an object; everything else in it is left out."""
    if not isinstance(value, Mapping):
        return {}
    return {str(k): v for k, v in value.items() if isinstance(v, int | float) and not isinstance(v, bool)}
