"""How far a batch is, in lines: one at each tenth, or at each million rows where nobody knows all."""

from __future__ import annotations

from collections.abc import Callable


def lines(say: Callable[[str], None]) -> Callable[[int, int | None], None]:
    """A function that takes the rows that were read so far, and all of them where that is known."""
    tenths: set[int] = set()

    def line(read: int, rows: int | None) -> None:
        tenth = read // 1_000_000 if rows is None else 10 * read // max(1, rows)
        if tenth not in tenths:
            tenths.add(tenth)
            say(f"{read:,} rows" + ("" if rows is None else f" of {rows:,}"))

    return line
