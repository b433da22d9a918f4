"""Markdown as GitHub reads it: values never become markup, tables never break."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

LONGEST: Final = 90


def code(value: Any) -> str:
    """A value as code on one line. In it GitHub reads no markup and calls nobody by @."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=repr)
    text = re.sub(r"\s+", " ", text).strip() or " "
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (ticks + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table's lines. A pipe within a cell is escaped, which GitHub asks for within code too."""
    heads = tuple(head)
    lines = [heads, ("---",) * len(heads), *(tuple(row) for row in rows)]
    return [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    ]


def folded(title: str, lines: Iterable[str]) -> list[str]:
    """Lines behind a title that a reader opens."""
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]


def counted(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"
