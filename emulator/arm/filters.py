"""The part of OData that ARM understands in ``$filter``: comparisons of names with values, and, or."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from emulator.arm.ids import parse
from emulator.errors import AzureError

Json = dict[str, Any]
Predicate = Callable[[Json], bool]

_TOKEN: Final = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[\w./$]+)|(?P<mark>[(),]))")
_FUNCTIONS: Final[dict[str, Callable[[str, str], bool]]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}


def matching(items: list[Json], text: str) -> list[Json]:
    """The items that a ``$filter`` leaves; 400 InvalidFilterInQueryString for one that is not understood."""
    if not text.strip():
        return items
    predicate = _Parser(text).whole()
    return [item for item in items if predicate(item)]


class _Parser:
    """Recursive descent: or, and, comparison."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._wrong()
            self._tokens.append(found[0].strip())
            position = found.end()

    def whole(self) -> Predicate:
        predicate = self._any()
        if self._tokens:
            raise self._wrong()
        return predicate

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._take_word("or"):
            parts.append(self._all())
        return lambda item: any(part(item) for part in parts)

    def _all(self) -> Predicate:
        parts, tag = [], ""
        while True:
            name = self._tokens[0].lower() if self._tokens else ""
            if name == "tagname":
                tag = self._value_after(self._next())
                parts.append(_tagged(tag))
            elif name == "tagvalue":
                if not tag:
                    raise self._wrong()
                parts.append(_tagged(tag, self._value_after(self._next())))
            else:
                parts.append(self._one())
            if not self._take_word("and"):
                return lambda item: all(part(item) for part in parts)

    def _one(self) -> Predicate:
        word = self._next()
        if word == "(":
            inside = self._any()
            self._expect(")")
            return inside
        folded = word.lower()
        if folded == "substringof":
            value, name = self._arguments()
            return self._applied(name, _FUNCTIONS["contains"], value)
        if folded in _FUNCTIONS:
            name, value = self._arguments()
            return self._applied(name, _FUNCTIONS[folded], value)
        operator = self._next().lower()
        value = self._literal(self._next())
        if operator not in ("eq", "ne"):
            raise self._wrong()
        return self._applied(word, lambda held, given: (held == given) == (operator == "eq"), value)

    def _applied(self, name: str, compare: Callable[[str, str], bool], value: str) -> Predicate:
        field = _FIELDS.get(name.lower())
        if field is None:
            raise self._wrong(f" '{name}' is none of {', '.join(sorted(_FIELDS))}, tagName, tagValue.")
        return lambda item: compare(field(item).lower(), value.lower())

    def _arguments(self) -> tuple[str, str]:
        self._expect("(")
        first = self._next()
        self._expect(",")
        second = self._next()
        self._expect(")")
        pair = [self._literal(one) if one.startswith("'") else one for one in (first, second)]
        return pair[0], pair[1]

    def _value_after(self, name: str) -> str:
        if self._next().lower() != "eq":
            raise self._wrong()
        return self._literal(self._next())

    def _literal(self, token: str) -> str:
        if len(token) < 2 or not token.startswith("'"):
            raise self._wrong()
        return token[1:-1].replace("''", "'")

    def _take_word(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _next(self) -> str:
        if not self._tokens:
            raise self._wrong()
        return self._tokens.pop(0)

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise self._wrong()

    def _wrong(self, why: str = "") -> AzureError:
        return AzureError(
            400,
            "InvalidFilterInQueryString",
            f"Invalid $filter '{self._text}' specified in the query string.{why}",
        )


def _tagged(name: str, value: str | None = None) -> Predicate:
    """Whether an item has a tag, and with the value; names fold case, values do not."""

    def check(item: Json) -> bool:
        tags = {str(key).lower(): held for key, held in (item.get("tags") or {}).items()}
        held = tags.get(name.lower())
        return held is not None and (value is None or held == value)

    return check


def _group(item: Json) -> str:
    parsed = parse(item.get("id", ""))
    return parsed.resource_group if parsed else ""


_FIELDS: Final[dict[str, Callable[[Json], str]]] = {
    "resourcetype": lambda item: str(item.get("type", "")),
    "name": lambda item: str(item.get("name", "")),
    "location": lambda item: str(item.get("location", "")),
    "resourcegroup": _group,
    "kind": lambda item: str(item.get("kind", "")),
}
