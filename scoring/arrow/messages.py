"""The messages of an Arrow IPC stream (Message.fbs in Arrow's repository), read within their bounds.

A message is four bytes of ones, the length of its metadata, the metadata as a FlatBuffers table, and a body.
All of it comes from outside: every place is checked before it is read, by Python itself or here, and nothing
is allocated by what a message says. No library reads it, because those that were tried hand out memory that
they have freed, or take lengths of a damaged message as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CONTINUES: Final = 0xFFFFFFFF
MOST_MESSAGES: Final = 10_000
MOST_ITEMS: Final = 100_000  # of a list in the metadata
SCHEMA, DICTIONARY, RECORDS = 1, 2, 3  # the kinds of messages
KIND, HEADER, BODY_LENGTH = 1, 2, 3  # fields of Message


class ArrowError(Exception):
    """The body is no Arrow IPC stream that is taken; the text says why."""


OUTSIDE: Final = "the stream ends within a message, or a message's metadata leads out of it"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of FlatBuffers: `at` is its place in the metadata. Each reading raises ArrowError."""

    metadata: memoryview
    at: int

    def place(self, field: int) -> int:
        """The place of a field's value; 0 when the table does not have it."""
        table = self.at - _number(self.metadata, "<i", self.at)
        size, slot = _number(self.metadata, "<H", table), 4 + 2 * field
        offset = _number(self.metadata, "<H", table + slot) if slot + 2 <= size else 0
        return self.at + offset if offset else 0

    def number(self, field: int, form: str, default: int = 0) -> int:
        """A number, written as `form` of the module struct."""
        at = self.place(field)
        return _number(self.metadata, form, at) if at else default

    def table(self, field: int) -> Table | None:
        at = self.place(field)
        return Table(self.metadata, at + _number(self.metadata, "<I", at)) if at else None

    def needed(self, field: int) -> Table:
        found = self.table(field)
        if found is None:
            raise ArrowError("a message's metadata lacks what it is about")
        return found

    def text(self, field: int) -> str:
        begin, length = self._list(field)
        if begin + length > len(self.metadata):
            raise ArrowError(OUTSIDE)
        try:
            return str(self.metadata[begin : begin + length], "utf-8")
        except UnicodeDecodeError as error:
            raise ArrowError("the name of a column is no UTF-8") from error

    def tables(self, field: int) -> list[Table]:
        begin, count = self._list(field)
        places = range(begin, begin + 4 * count, 4)
        return [Table(self.metadata, at + _number(self.metadata, "<I", at)) for at in places]

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """The structures of two int64 in a list."""
        begin, count = self._list(field)
        end = begin + 16 * count
        if end > len(self.metadata):
            raise ArrowError(OUTSIDE)
        return list(struct.iter_unpack("<qq", self.metadata[begin:end]))

    def _list(self, field: int) -> tuple[int, int]:
        """Where a list's items begin, and how many they are."""
        at = self.place(field)
        if not at:
            return 0, 0
        begin = at + _number(self.metadata, "<I", at)
        count = _number(self.metadata, "<I", begin)
        if count > MOST_ITEMS:
            raise ArrowError(f"a message's metadata has a list of {count}, more than {MOST_ITEMS}")
        return begin + 4, count


@dataclass(frozen=True, slots=True)
class Message:
    kind: int
    header: Table
    body: memoryview


def messages(stream: memoryview) -> Iterator[Message]:
    """The messages of a stream. Raises ArrowError."""
    at = 0
    for number in range(MOST_MESSAGES):
        if at == len(stream):  # the mark of the end may be left out
            return
        if _number(stream, "<I", at) != CONTINUES:
            raise ArrowError(f"message {number} does not begin as Arrow's messages do")
        size = _number(stream, "<i", at + 4)
        if size == 0:
            return
        begin = at + 8 + size
        if size < 0 or begin > len(stream):
            raise ArrowError(f"message {number} is longer than the body")
        metadata = stream[at + 8 : begin]
        message = Table(metadata, _number(metadata, "<I", 0))
        length = message.number(BODY_LENGTH, "<q")
        at = begin + length
        if length < 0 or at > len(stream):
            raise ArrowError(f"message {number} has a longer body than there is")
        yield Message(message.number(KIND, "<B"), message.needed(HEADER), stream[begin:at])
    raise ArrowError(f"the stream has more than {MOST_MESSAGES} messages")


def _number(metadata: memoryview, form: str, at: int) -> int:
    if at < 0:  # Python would count from the end
        raise ArrowError(OUTSIDE)
    try:
        (found,) = struct.unpack_from(form, metadata, at)
    except struct.error as error:
        raise ArrowError(OUTSIDE) from error
    return found
