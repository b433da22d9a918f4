"""Events in parts: Application Insights cuts long properties, so long ones are spread over several events.

All parts of an event have one `event_id`; `part` and `parts` say which part of how many this is. Facts, such
as a number of rows, stand in the first part alone, so that sums over all events are right. Content is JSON:
each part has whole objects or lists, which joined are those of the event. docs/scoring.md has the query that
joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, Final

import orjson

MAX_PROPERTY: Final = 8_000  # UTF-16 units of a property; Application Insights cuts at 8,192

Entries = Mapping[str, Any] | Sequence[Any]


def as_json(entries: Entries) -> str:
    return orjson.dumps(entries).decode()


class Content:
    """Entries that may be spread over several parts, and a function that makes the text of some of them."""

    __slots__ = ("_entries", "_text_of", "fits", "size", "text")

    def __init__(self, entries: Entries, text_of: Callable[[Any], str] = as_json) -> None:
        self._entries, self._text_of = entries, text_of
        self.text = text = text_of(entries)
        self.size = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2  # UTF-16 units
        self.fits = self.size <= MAX_PROPERTY

    def divided(self) -> tuple[list[str], int]:
        """Texts that fit into a property, in the entries' order; the number of entries that do not fit."""
        if self.fits:
            return [self.text], 0
        if len(self._entries) <= 1:
            return [], len(self._entries)
        texts: list[str] = []
        left_out = 0
        for piece in self._pieces(min(len(self._entries), max(2, -(-self.size // MAX_PROPERTY)))):
            found, more = Content(piece, self._text_of).divided()
            texts += found
            left_out += more
        return texts, left_out

    def _pieces(self, count: int) -> Iterator[Entries]:
        """The entries in so many pieces of nearly equal length, each with one entry at least."""
        entries, total = self._entries, len(self._entries)
        places = [number * total // count for number in range(count + 1)]
        if isinstance(entries, Mapping):
            items = iter(entries.items())
            for start, end in pairwise(places):
                yield dict(islice(items, end - start))
        else:
            for start, end in pairwise(places):
                yield entries[start:end]


def parts(event_id: str, facts: Mapping[str, Any], contents: Mapping[str, Content]) -> list[dict[str, Any]]:
    """The properties of each part, at least one.

    `left_out` among the facts says how many entries are in no part, when there are any: one entry alone was
    longer than a property may be.
    """
    whole = {"event_id": event_id, "part": 1, "parts": 1, **facts}
    for name, content in contents.items():
        if not content.fits:
            return _several(event_id, facts, contents)
        whole[name] = content.text
    return [whole]


def _several(
    event_id: str, facts: Mapping[str, Any], contents: Mapping[str, Content]
) -> list[dict[str, Any]]:
    divided = {name: content.divided() for name, content in contents.items()}
    count = max(1, *(len(texts) for texts, _ in divided.values()))
    found: list[dict[str, Any]] = [
        {"event_id": event_id, "part": number + 1, "parts": count} for number in range(count)
    ]
    found[0].update(facts)
    if left_out := sum(entries for _, entries in divided.values()):
        found[0]["left_out"] = left_out
    for name, (texts, _) in divided.items():
        for part, text in zip(found, texts, strict=False):
            part[name] = text
    return found
