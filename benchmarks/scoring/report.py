"""The results on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.scoring.goals import Verdict
from benchmarks.scoring.results import Results
from benchmarks.scoring.tables import Rows, all_tables, goal_rows

COLOURS = {"met": "green", "not met": "red", "not measured": "dim"}


def show(console: Console, results: Results, verdicts: list[Verdict]) -> None:
    for rows in all_tables(results):
        console.print(_table(rows))
    table = _table(goal_rows([]))
    for verdict in verdicts:
        colour = COLOURS[verdict.word]
        cells = (verdict.goal.title, verdict.wanted, verdict.shown)
        table.add_row(*cells, f"[{colour}]{verdict.word}[/]")
    console.print(table)


def _table(rows: Rows) -> Table:
    table = Table(title=rows.title, title_justify="left", show_edge=False, pad_edge=False)
    for number, name in enumerate(rows.columns):
        table.add_column(name, justify="right" if number in rows.numeric else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*row)
    return table
