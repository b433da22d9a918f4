"""The tree of a policy document: what `reading` makes and the gateway runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

SECTIONS: Final = ("inbound", "backend", "outbound", "on-error")
DOCUMENT: Final = "policies"
FRAGMENT: Final = "fragment"
NAMED: Final = re.compile(r"\{\{([\w.-]+)\}\}")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a document, both from 1: the name of an element, the first character of a value."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


NOWHERE: Final = Position(1, 1)


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute's value or an element's text, entities decoded: literal text, or one whole C# expression.

    Both may hold named values as `{{name}}`, which are put in as text before anything else is looked at.
    """

    text: str
    position: Position = field(default=NOWHERE, compare=False)

    @property
    def is_expression(self) -> bool:
        """Whether it is `@(…)` or `@{…}`, blanks around it aside."""
        return self.text.lstrip()[:2] in ("@(", "@{")

    @property
    def expression(self) -> str:
        """The expression with its `@`, without the blanks around it."""
        return self.text.strip()

    @property
    def named_values(self) -> tuple[str, ...]:
        """The display names of the named values it holds, in order."""
        return tuple(NAMED.findall(self.text))

    def bound(self, values: Mapping[str, str]) -> Value:
        """With each named value of ``values`` in its place; one that is not there stays as it stands."""
        if "{{" not in self.text:
            return self
        return replace(self, text=NAMED.sub(lambda match: values.get(match[1], match[0]), self.text))


@dataclass(frozen=True, slots=True)
class Policy:
    """An element of a section, or an element inside one: `choose` holds `when`, `set-header` holds `value`.

    text: what stands between the tags where there are no children, blanks and all; None where there is
    nothing but blanks. Of `set-body` it is everything between the tags, its elements too.
    """

    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict[str, Value])
    children: tuple[Policy, ...] = ()
    text: Value | None = None
    position: Position = field(default=NOWHERE, compare=False)

    def get(self, attribute: str) -> Value | None:
        """The value of an attribute, None where it is not given."""
        return self.attributes.get(attribute)

    def child(self, name: str) -> Policy | None:
        """The first child of a name."""
        return next((one for one in self.children if one.name == name), None)

    def all(self, name: str) -> tuple[Policy, ...]:
        """The children of a name."""
        return tuple(one for one in self.children if one.name == name)

    def walk(self) -> Iterator[Policy]:
        """Itself and everything inside it, in the order of the document."""
        yield self
        for one in self.children:
            yield from one.walk()

    def values(self) -> Iterator[Value]:
        """Its own attributes' values and its text."""
        yield from self.attributes.values()
        if self.text is not None:
            yield self.text

    def bound(self, values: Mapping[str, str]) -> Policy:
        """With named values in their places, inside it as well."""
        return replace(
            self,
            attributes={name: value.bound(values) for name, value in self.attributes.items()},
            children=tuple(one.bound(values) for one in self.children),
            text=self.text.bound(values) if self.text is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A `policies` document: what each section holds. A section that is not written is not in `sections`.

    Of a `fragment` the one section is called `fragment`.
    """

    root: str = DOCUMENT
    sections: Mapping[str, tuple[Policy, ...]] = field(default_factory=dict[str, tuple[Policy, ...]])
    positions: Mapping[str, Position] = field(default_factory=dict[str, Position], compare=False)

    def section(self, name: str) -> tuple[Policy, ...]:
        """The policies of a section, none where it is not written."""
        return self.sections.get(name, ())

    @property
    def policies(self) -> tuple[Policy, ...]:
        """What a fragment holds."""
        return self.section(FRAGMENT)

    def walk(self) -> Iterator[Policy]:
        """Every element of every section, in the order of the document."""
        for section in self.sections.values():
            for one in section:
                yield from one.walk()

    def named_values(self) -> tuple[str, ...]:
        """The display names of all named values, each once, in order."""
        found = (name for one in self.walk() for value in one.values() for name in value.named_values)
        return tuple(dict.fromkeys(found))

    def bound(self, values: Mapping[str, str]) -> Document:
        """With named values in their places: what the gateway runs."""
        return replace(
            self,
            sections={
                name: tuple(one.bound(values) for one in section) for name, section in self.sections.items()
            },
        )
