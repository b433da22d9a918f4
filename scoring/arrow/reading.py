"""An Arrow IPC stream -> the columns of a request, as the encoder takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.arrow.messages import DICTIONARY, RECORDS, SCHEMA, ArrowError, Message, Table, messages
from scoring.model.defects import ContractError, FieldError, TooManyRowsError, fragment

# Fields of the tables of Schema.fbs and Message.fbs.
ENDIANNESS, FIELDS = 0, 1
NAME, TYPE_KIND, TYPE, ENCODING = 0, 2, 3, 4
BITS, SIGNED = 0, 1
PRECISION = 0
DICTIONARY_ID, INDEX = 0, 1
LENGTH, NODES, BUFFERS, COMPRESSION = 0, 1, 2, 3
OF_DICTIONARY, BATCH, DELTA = 0, 1, 2
# The kinds of types that are taken.
INT, FLOAT, TEXT, LARGE_TEXT = 2, 3, 5, 20
KINDS: Final = {  # of those that are not, the names
    1: "null",
    4: "binary",
    6: "bool",
    7: "decimal",
    8: "date",
    9: "time",
    10: "timestamp",
    12: "list",
    13: "struct",
    16: "fixed-size list",
    17: "map",
    18: "duration",
    24: "utf8 view",
}
OFFSETS: Final = {TEXT: np.dtype("<i4"), LARGE_TEXT: np.dtype("<i8")}
FLOATS: Final = {0: np.dtype("<f2"), 1: np.dtype("<f4"), 2: np.dtype("<f8")}
MOST_ROWS: Final = 2**40
Numbers = NDArray[Any]
Column = Numbers | list[Any]


@dataclass(frozen=True, slots=True)
class Type:
    """How a column's values are written: numbers as `number`, or texts with offsets of that type."""

    kind: int
    number: np.dtype[Any]

    @property
    def buffers(self) -> int:
        return 3 if self.kind in OFFSETS else 2


@dataclass(slots=True)
class Field:
    """`type` is that of the values, or with a `dictionary` that of the indexes; None: it is not taken."""

    name: str
    type: Type | None
    told: str  # the type in words
    dictionary: int | None = None
    values: Type | None = None  # of the dictionary
    parts: list[Column] = field(default_factory=list[Column])


def payload(body: bytes, max_rows: int) -> object:
    """What the same rows would be as JSON: {"columns": {name: values}}.

    Numbers without gaps are arrays, everything else is a list of values, with None for a gap. Raises
    ArrowError for a body that is no such stream, ContractError for a column of another type, and
    TooManyRowsError before the rows beyond the limit are read.
    """
    fields: list[Field] | None = None
    known: dict[int, list[Any]] = {}
    rows = 0
    for message in messages(memoryview(body)):
        if message.kind == SCHEMA and fields is None:
            fields = _schema(message.header)
        elif fields is None:
            raise ArrowError("the stream does not begin with a schema")
        elif message.kind == DICTIONARY:
            _learn(message, fields, known, max_rows)
        elif message.kind == RECORDS:
            rows += _rows(message.header)
            if rows > max_rows:
                raise TooManyRowsError(rows, max_rows)
            for one, values in zip(fields, _columns(message.header, message.body, fields), strict=True):
                one.parts.append(values if one.dictionary is None else _looked_up(values, one, known))
        else:
            raise ArrowError("a message that is neither a schema nor a batch")
    if fields is None:
        raise ArrowError("the stream is empty")
    return {"columns": {one.name: _joined(one.parts) for one in fields}}


def _schema(header: Table) -> list[Field]:
    if header.number(ENDIANNESS, "<h"):
        raise ArrowError("the numbers are big-endian")
    fields = [_field(table) for table in header.tables(FIELDS)]
    names = [one.name for one in fields]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ArrowError(f"two columns are named {twice[:100]!r}")
    errors = [
        FieldError(
            f"#/columns/{fragment(one.name[:100])}",
            "wrong_type",
            f"expected numbers or strings, found Arrow's type {one.told}",
        )
        for one in fields
        if one.type is None or (one.dictionary is not None and one.values is None)
    ]
    if errors:
        raise ContractError(errors)
    return fields


def _field(table: Table) -> Field:
    kind = table.number(TYPE_KIND, "<B")
    told = KINDS.get(kind, f"number {kind}")
    found = _type(kind, table.table(TYPE))
    name, encoding = table.text(NAME), table.table(ENCODING)
    if encoding is None:
        return Field(name, found, told)
    index = encoding.table(INDEX)
    indexes = Type(INT, np.dtype("<i4")) if index is None else _type(INT, index)
    return Field(name, indexes, told, encoding.number(DICTIONARY_ID, "<q"), found)


def _type(kind: int, table: Table | None) -> Type | None:
    if kind in OFFSETS:
        return Type(kind, OFFSETS[kind])
    if table is None:
        return None
    if kind == INT:
        bits, letter = table.number(BITS, "<i"), "i" if table.number(SIGNED, "<B") else "u"
        return Type(kind, np.dtype(f"<{letter}{bits // 8}")) if bits in (8, 16, 32, 64) else None
    if kind == FLOAT:
        number = FLOATS.get(table.number(PRECISION, "<h"))
        return None if number is None else Type(kind, number)
    return None


def _rows(batch: Table) -> int:
    rows = batch.number(LENGTH, "<q")
    if not 0 <= rows < MOST_ROWS:
        raise ArrowError(f"a batch has {rows} rows")
    return rows


def _learn(message: Message, fields: list[Field], known: dict[int, list[Any]], most: int) -> None:
    """Keep the values of a dictionary, which has no more of them than there may be rows."""
    number, batch = message.header.number(OF_DICTIONARY, "<q"), message.header.needed(BATCH)
    owner = next((one for one in fields if one.dictionary == number), None)
    if owner is None or owner.values is None:
        raise ArrowError("a dictionary that no column has")
    (values,) = _columns(batch, message.body, [Field(owner.name, owner.values, owner.told)])
    before = known.get(number, []) if message.header.number(DELTA, "<B") else []
    if len(before) + len(values) > max(most, 1):
        raise ArrowError(f"a dictionary has more than {most} values")
    known[number] = before + _listed(values)


def _columns(batch: Table, body: memoryview, fields: list[Field]) -> Iterator[Column]:
    """The values of each column of a batch."""
    if batch.place(COMPRESSION):
        raise ArrowError("a batch is compressed: send the stream without compression")
    rows, nodes, buffers = _rows(batch), batch.pairs(NODES), batch.pairs(BUFFERS)
    types = [one.type for one in fields if one.type is not None]
    if len(nodes) != len(types) or len(buffers) != sum(one.buffers for one in types):
        raise ArrowError("a batch has other columns than the schema")
    place = 0
    for (length, gaps), kind in zip(nodes, types, strict=True):
        if length != rows or not 0 <= gaps <= rows:
            raise ArrowError(f"a column of {length} values, {gaps} of them gaps, in a batch of {rows} rows")
        parts = [_part(body, *buffer) for buffer in buffers[place : place + kind.buffers]]
        place += kind.buffers
        values = (
            _texts(parts[1], parts[2], kind, rows) if kind.kind in OFFSETS else _numbers(parts[1], kind, rows)
        )
        yield _with_gaps(values, parts[0], rows) if gaps else values


def _part(body: memoryview, offset: int, length: int) -> memoryview:
    if not (offset >= 0 and length >= 0 and offset + length <= len(body)):
        raise ArrowError("a batch has a buffer beyond its body")
    return body[offset : offset + length]


def _numbers(part: memoryview, kind: Type, count: int) -> Numbers:
    if len(part) < count * kind.number.itemsize:
        raise ArrowError("a column has fewer values than its batch has rows")
    return np.frombuffer(part, dtype=kind.number, count=count)


def _texts(ends: memoryview, content: memoryview, kind: Type, count: int) -> list[str]:
    if not count:
        return []
    places = _numbers(ends, kind, count + 1)
    if places[0] < 0 or places[-1] > len(content) or (np.diff(places) < 0).any():
        raise ArrowError("a column has texts beyond its batch")
    raw, between = bytes(content), places.tolist()
    try:
        if raw.isascii():
            text = raw.decode()
            return [text[begin:end] for begin, end in pairwise(between)]
        return [raw[begin:end].decode() for begin, end in pairwise(between)]
    except UnicodeDecodeError as error:
        raise ArrowError(f"a text is no UTF-8: {error}") from error


def _with_gaps(values: Column, present: memoryview, rows: int) -> list[Any]:
    bits = np.unpackbits(np.frombuffer(present, dtype=np.uint8), bitorder="little")[:rows]
    if len(bits) < rows:
        raise ArrowError("a column does not say where its gaps are")
    pairs = zip(_listed(values), bits.tolist(), strict=True)
    return [value if there else None for value, there in pairs]


def _looked_up(indexes: Column, owner: Field, known: dict[int, list[Any]]) -> list[Any]:
    values = known.get(owner.dictionary or 0, [])
    found: list[Any] = []
    for index in _listed(indexes):
        if index is not None and not 0 <= index < len(values):
            raise ArrowError("an index beyond its dictionary")
        found.append(None if index is None else values[index])
    return found


def _listed(values: Column) -> list[Any]:
    return values if isinstance(values, list) else values.tolist()


def _joined(parts: list[Column]) -> Column:
    """The values of all batches, in a list when one of them is in a list or there are none."""
    arrays = [part for part in parts if not isinstance(part, list)]
    if len(arrays) < len(parts) or not any(map(len, arrays)):
        return [value for part in parts for value in _listed(part)]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
