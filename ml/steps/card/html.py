"""Pieces of an HTML page; every text is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

from ml.steps.card.pictures import Picture


def words(name: str) -> str:
    """A field's name as people write it."""
    return name.replace("_", " ")


def number(value: object) -> str:
    """A number as a table shows it."""
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def bullets(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def facts(values: Mapping[str, object]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(words(name))}</th><td class="text">{escape(str(value))}</td></tr>'
        for name, value in values.items()
        if str(value)
    )
    return f"<table><tbody>{rows}</tbody></table>"


def table(
    caption: str,
    headings: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    few: list[bool] | None = None,
    text: tuple[int, ...] = (),
    mark: int | None = None,
) -> str:
    """`few`: rows shown fainter; `text`: columns set left; `mark`: the column whose word is its class too."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    lines: list[str] = []
    for position, row in enumerate(rows):
        cells = "".join(
            f"<td{_class(column, value, text, mark)}>{escape(value)}</td>" for column, value in enumerate(row)
        )
        style = ' class="few"' if few and few[position] else ""
        lines.append(f"<tr{style}>{cells}</tr>")
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _class(column: int, value: str, text: tuple[int, ...], mark: int | None) -> str:
    if column in text:
        return ' class="text"'
    return f' class="{escape(value)}"' if column == mark else ""


def figure(picture: Picture, caption: str) -> str:
    data = base64.b64encode(picture.svg.encode()).decode()
    return (
        f'<figure><img alt="{escape(picture.alt, quote=True)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
