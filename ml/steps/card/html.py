"""Makes pieces of an HTML page. Every text is escaped here, and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

from ml.steps.card.drawing import Picture


def words(name: str) -> str:
    """A field's name as people write it."""
    return name.replace("_", " ")


def share(value: float) -> str:
    """A share in per cent: 12.3%, and 0.45% when it is small."""
    return f"{value:.2%}" if 0 < value < 0.02 else f"{value:.1%}"


def anchor(title: str) -> str:
    """The id of a section, made from its title: links lead to it."""
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-")


def contents(titles: Iterable[str]) -> str:
    links = "".join(f'<a href="#{anchor(title)}">{escape(title)}</a> ' for title in titles)
    return f'<nav aria-label="Sections">{links}</nav>'


def section(title: str, *parts: str) -> str:
    return f'<section id="{anchor(title)}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def beside(*parts: str) -> str:
    """Parts that stand side by side where the page is wide enough."""
    return f'<div class="figures">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def facts(caption: str, values: Mapping[str, object]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="text">{escape(str(value))}</td></tr>'
        for name, value in values.items()
        if str(value)
    )
    return _scrolled(caption, f'<table class="facts"><tbody>{rows}</tbody></table>')


def table(
    caption: str,
    headings: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    few: list[bool] | None = None,
    text: tuple[int, ...] = (),
    mark: int | None = None,
) -> str:
    """A table whose first column names the rows.

    few: for each row, whether it is shown fainter; text: numbers of the columns that are aligned left; mark:
    the number of the column whose words are style classes too
    """
    head = "".join(
        f'<th scope="col"{_class(column, "", text, None)}>{escape(heading)}</th>'
        for column, heading in enumerate(headings)
    )
    lines: list[str] = []
    for position, row in enumerate(rows):
        first, *others = row
        cells = "".join(
            f"<td{_class(column, value, text, mark)}>{escape(value)}</td>"
            for column, value in enumerate(others, start=1)
        )
        style = ' class="few"' if few and few[position] else ""
        lines.append(f'<tr{style}><th scope="row">{escape(first)}</th>{cells}</tr>')
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return _scrolled(caption, f"<table>{body}</table>")


def _scrolled(caption: str, content: str) -> str:
    """A table under its caption. One that is wider than the page scrolls alone, also by keyboard."""
    name, title = escape(caption or "Table", quote=True), f"<h3>{escape(caption)}</h3>" if caption else ""
    return f'{title}<div class="scroll" role="region" tabindex="0" aria-label="{name}">{content}</div>'


def _class(column: int, value: str, text: tuple[int, ...], mark: int | None) -> str:
    if column in text:
        return ' class="text"'
    return f' class="{escape(value)}"' if column == mark else ""


def figure(pictures: Iterable[Picture], caption: str) -> str:
    """Pictures side by side, over one caption."""
    images = "".join(_image(picture) for picture in pictures)
    return f'<figure><div class="figures">{images}</div><figcaption>{escape(caption)}</figcaption></figure>'


def _image(picture: Picture) -> str:
    data = base64.b64encode(picture.svg.encode()).decode()
    return f'<img alt="{escape(picture.alt, quote=True)}" src="data:image/svg+xml;base64,{data}">'
