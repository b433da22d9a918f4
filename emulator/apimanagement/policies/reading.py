"""Documents into trees, of both formats.

`xml` is XML: what stands in quotes in an expression is written `&quot;`. `rawxml` is XML whose expressions
stand as they are, with their quotes, `<` and `&`: where a value begins with `@(` or `@{`, its end is found by
the rules of C#, not of XML. Entities may be used there too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import Final
from xml.etree import ElementTree

from emulator.apimanagement.policies.csharp.lexer import Source, closed
from emulator.apimanagement.policies.errors import ExpressionError, PolicyError
from emulator.apimanagement.policies.tree import DOCUMENT, FRAGMENT, Document, Policy, Position, Value

XML: Final = "xml"
RAW: Final = "rawxml"
# Elements whose content is one text, with the elements in it.
VERBATIM: Final = frozenset({"set-body"})
MAX_DEPTH: Final = 60  # elements in elements
MAX_BROKEN: Final = 20  # expressions without an end
# 256 KiB: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
MAX_BYTES: Final = 256 * 1024

_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));")
_ENTITIES: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_NAME = re.compile(r"[A-Za-z_][\w.:-]*")
_BLANK = re.compile(r"\s*")
_OPENS = re.compile(r"\s*@[({]")
_MARKUP = re.compile(r"<(?=[A-Za-z_/!?])")
_ATTRIBUTE_END = r"{quote}(?=\s*/?>)"


def read(text: str, form: str = XML, root: str = DOCUMENT) -> Document:
    """The tree of a document. root: `policies` or `fragment`.

    Errors are `PolicyError`; whether the policies are known, and stand where they may, is for `validation`.
    """
    size = len(text.encode())
    if size > MAX_BYTES:
        raise PolicyError(root, Position(1, 1), f"the document has {size} bytes; {MAX_BYTES} are the most")
    if form == XML:
        _check_well_formed(text, root)
    return _Reader(text, raw=form == RAW).document(root)


def _check_well_formed(text: str, root: str) -> None:
    try:
        ElementTree.fromstring(text.lstrip("\ufeff"))  # noqa: S314 - expat expands no entity without end
    except ElementTree.ParseError as error:
        line, column = error.position
        raise PolicyError(root, Position(line, column + 1), f"{error}") from error


def _decoded(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _ENTITIES[name]
    point = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else match[0]


class _Reader:
    def __init__(self, text: str, *, raw: bool) -> None:
        self._source = Source(text)
        self._text = text
        self._raw = raw
        self._at = 0
        self._element = DOCUMENT
        self._broken = 0

    def document(self, root: str) -> Document:
        self._at += self._text.startswith("\ufeff")
        self._misc()
        element = self._policy(0)
        self._misc()
        if self._at < len(self._text):
            raise self._error("there is text behind the document's end")
        if element.name != root:
            raise PolicyError(
                element.name, element.position, f"'{element.name}' is not allowed here; '{root}' is expected."
            )
        if element.attributes:
            name = next(iter(element.attributes))
            raise PolicyError(element.name, element.position, f"The '{name}' attribute is not declared.")
        if root == FRAGMENT:
            self._no_text(element)
            return Document(root, {FRAGMENT: element.children}, {FRAGMENT: element.position})
        sections: dict[str, tuple[Policy, ...]] = {}
        positions: dict[str, Position] = {}
        self._no_text(element)
        for one in element.children:
            if one.name in sections:
                raise PolicyError(one.name, one.position, f"The section '{one.name}' stands here twice.")
            if one.attributes:
                name = next(iter(one.attributes))
                raise PolicyError(one.name, one.position, f"The '{name}' attribute is not declared.")
            self._no_text(one)
            sections[one.name] = one.children
            positions[one.name] = one.position
        return Document(root, sections, positions)

    def _no_text(self, element: Policy) -> None:
        if element.text is not None:
            raise PolicyError(
                element.name, element.position, f"The element '{element.name}' cannot contain text."
            )

    # Places

    def _error(self, message: str, at: int | None = None) -> PolicyError:
        place = self._source.position(self._at if at is None else at)
        return PolicyError(self._element, place, message)

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _through(self, text: str, what: str) -> str:
        """What stands before the next ``text``, which is passed."""
        end = self._text.find(text, self._at)
        if end < 0:
            raise self._error(f"{what} is not closed")
        found = self._text[self._at : end]
        self._at = end + len(text)
        return found

    def _misc(self) -> None:
        while True:
            self._blank()
            if self._take("<!--"):
                self._through("-->", "the comment")
            elif self._take("<?"):
                self._through("?>", "the instruction")
            else:
                return

    def _name(self, what: str) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise self._error(f"{what} is expected")
        self._at = match.end()
        return match[0]

    # Elements

    def _policy(self, depth: int) -> Policy:
        if not self._take("<"):
            raise self._error("an element is expected")
        if depth > MAX_DEPTH:
            raise self._error("elements are nested too deeply")
        place = self._source.position(self._at)
        name = self._name("the name of an element")
        outer, self._element = self._element, name
        attributes = self._attributes()
        children: tuple[Policy, ...] = ()
        text: Value | None = None
        if not self._take("/>"):
            if not self._take(">"):
                raise self._error("'>' or an attribute is expected")
            children, text = self._content(name, depth)
            self._end(name)
        self._element = outer
        return Policy(name, attributes, children, text, place)

    def _end(self, name: str) -> None:
        start = self._at
        if not self._take("</") or self._name("the name of an element") != name:
            raise self._error(f"'</{name}>' is expected", start)
        self._blank()
        if not self._take(">"):
            raise self._error(f"'</{name}>' is expected", start)

    def _attributes(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while True:
            before = self._at
            self._blank()
            if self._text.startswith(("/>", ">"), self._at) or self._at == len(self._text):
                return found
            start = self._at
            if before == start:
                raise self._error("a blank is expected before an attribute")
            name = self._name("an attribute")
            if name in found:
                raise self._error(f"The attribute '{name}' stands here twice", start)
            self._blank()
            if not self._take("="):
                raise self._error(f"'=' is expected behind '{name}'")
            self._blank()
            quote = self._text[self._at : self._at + 1]
            if quote not in ("'", '"'):
                raise self._error(f"the value of '{name}' is not in quotes")
            self._at += 1
            found[name] = self._quoted(name, quote)

    def _quoted(self, name: str, quote: str) -> Value:
        start = self._at
        end = self._expression_end(start, quote) if self._raw else None
        if end is None:
            if self._raw and _OPENS.match(self._text, start):
                # No C#, which its reading will say; the value ends where the element can.
                match = re.compile(_ATTRIBUTE_END.format(quote=quote)).search(self._text, start)
                end = match.start() if match else -1
            else:
                end = self._text.find(quote, start)
            if end < 0:
                raise self._error(f"the value of '{name}' is not closed", start)
        self._at = end + 1
        return self._value(start, end)

    def _value(self, start: int, end: int) -> Value:
        text = _ENTITY.sub(_decoded, self._text[start:end])
        blank = len(text) - len(text.lstrip()) if _OPENS.match(text) else 0
        return Value(text, self._source.position(start + blank))

    # Expressions in raw XML

    @cached_property
    def _plain(self) -> tuple[Source, list[int], list[int]]:
        """The whole text with its entities decoded, and offsets: each entity's end there, and here."""
        theirs, ours = [0], [0]
        shift = 0
        for match in _ENTITY.finditer(self._text):
            shift += len(match[0]) - len(_decoded(match))
            ours.append(match.end())
            theirs.append(match.end() - shift)
        return Source(_ENTITY.sub(_decoded, self._text)), theirs, ours

    def _expression_end(self, start: int, behind: str) -> int | None:
        """Where ``behind`` stands after an expression that begins here; None where there is none such."""
        match = _OPENS.match(self._text, start)
        if match is None:
            return None
        plain, theirs, ours = self._plain
        index = bisect_left(ours, match.end()) - 1
        index = max(index, 0)
        begin = match.end() - 1 - (ours[index] - theirs[index])
        try:
            end = closed(plain, begin)
        except ExpressionError as error:
            # What is no C# is told when the policy is checked. Each is looked for up to the document's end.
            self._broken += 1
            if self._broken > MAX_BROKEN:
                raise self._error(f"more than {MAX_BROKEN} expressions are no C#: {error.message}") from error
            return None
        index = bisect_left(theirs, end)
        index -= index == len(theirs) or theirs[index] > end
        here = end + ours[index] - theirs[index]
        blank = _BLANK.match(self._text, here)
        here = blank.end() if blank else here
        return here if self._text.startswith(behind, here) else None

    # What stands between the tags

    def _content(self, name: str, depth: int) -> tuple[tuple[Policy, ...], Value | None]:
        start = self._at
        if self._raw and (end := self._expression_end(start, f"</{name}")) is not None:
            self._at = end
            return (), self._value(start, end)
        if name in VERBATIM:
            return (), self._verbatim(name)
        children: list[Policy] = []
        parts: list[str] = []
        first = start
        while True:
            text, here = self._text_run(name)
            if text.strip():
                first = first if parts else here
                parts.append(text)
            elif parts:
                parts.append(text)
            if self._take("<!--"):
                self._through("-->", "the comment")
            elif self._take("<![CDATA["):
                place = self._at
                data = self._through("]]>", "the CDATA section")
                first = first if parts else place
                parts.append(data)
            elif self._text.startswith("</", self._at):
                break
            elif self._at == len(self._text):
                raise self._error(f"'</{name}>' is expected")
            else:
                children.append(self._policy(depth + 1))
        whole = "".join(parts)
        if not whole.strip():
            return tuple(children), None
        if children:
            raise self._error(f"The element '{name}' cannot contain text.", first)
        blank = len(whole) - len(whole.lstrip()) if _OPENS.match(whole) else 0
        return (), Value(whole, self._source.position(first + blank))

    def _text_run(self, name: str) -> tuple[str, int]:
        """Text up to the next markup, and where it begins."""
        start = self._at
        if self._raw and _OPENS.match(self._text, start):
            # An expression that is no C#: all up to the end of the element is its text.
            end = self._text.find(f"</{name}", start)
        else:
            match = _MARKUP.search(self._text, start)
            end = match.start() if match else -1
        if end < 0:
            raise self._error(f"'</{name}>' is expected", start)
        self._at = end
        return _ENTITY.sub(_decoded, self._text[start:end]), start

    def _verbatim(self, name: str) -> Value | None:
        start = self._at
        end = self._text.find(f"</{name}", start)
        if end < 0:
            raise self._error(f"'</{name}>' is expected", start)
        self._at = end
        text = self._text[start:end]
        if not text.strip():
            return None
        stripped = text.strip()
        if stripped.startswith("<![CDATA[") and stripped.endswith("]]>") and stripped.count("]]>") == 1:
            data = stripped[len("<![CDATA[") : -len("]]>")]
            return Value(data, self._source.position(start + text.index("<![CDATA[") + len("<![CDATA[")))
        if _MARKUP.search(text) and not _OPENS.match(text):
            return Value(text, self._source.position(start))
        return self._value(start, end)
