"""The columns of a block of rows -> the composite's matrix, and the rows that break the contract.

The service's own encoder reads them, so a row is taken here exactly when the service takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ml.lake.arrow import ArrowBatch, ArrowType
from scoring.model.columns import Numbers
from scoring.model.defects import ContractError
from scoring.model.encode import Encoder, Texts
from scoring.model.schema import Matrix, Schema

Kind = Literal["number", "text", "nothing"]
POINTER: Final = re.compile(r"#/columns/(?P<name>.+)/(?P<row>\d+)")


@dataclass(frozen=True, slots=True)
class Reject:
    """row: its place in the block. code: as the service's problems name it. No value stands in the reason."""

    row: int
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """matrix [kept rows, features]; kept: their places in the block, in order."""

    matrix: Matrix
    kept: NDArray[np.int64]
    rejects: tuple[Reject, ...]


def kind(of: ArrowType) -> Kind | None:
    """What the contract may take from a column of this type; None: nothing."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(of):
        return kind(of.value_type)
    if types.is_integer(of) or types.is_floating(of):
        return "number"
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        return "text"
    return "nothing" if types.is_null(of) else None


class Columns:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, contract: Schema, encoder: Encoder) -> None:
        self._names, self._encoder = contract.names, encoder

    def encode(self, block: ArrowBatch) -> Encoded:
        """block: the contract's columns, at least one row. Of each row left out a defect is told, or more."""
        kept = np.arange(block.num_rows, dtype=np.int64)
        matrix = self._all(block)
        if matrix is not None:
            return Encoded(matrix, kept, ())
        values = {name: _values(block.column(name)) for name in self._names}
        rejects: list[Reject] = []
        while len(kept):
            try:
                matrix = self._encoder.encode({"columns": values})
            except ContractError as error:
                found = list(_rejects(error, kept))
                if not found:  # a defect of a column and not of a row: it would be found for ever
                    raise
                rejects.extend(found)
                wrong = {reject.row for reject in found}
                keep = np.array([row not in wrong for row in kept.tolist()], dtype=bool)
                values = {name: _only(column, keep) for name, column in values.items()}
                kept = kept[keep]
            else:
                return Encoded(matrix, kept, tuple(sorted(rejects, key=lambda one: (one.row, one.column))))
        empty = np.empty((0, len(self._names)), dtype=np.float32)
        return Encoded(empty, kept, tuple(sorted(rejects, key=lambda one: (one.row, one.column))))

    def _all(self, block: ArrowBatch) -> Matrix | None:
        """The matrix of a block without a defect; None where one is, or where a closer look has to say."""
        columns: dict[str, Numbers | Texts] = {}
        for name in self._names:
            found = _array(block.column(name))
            if found is None:
                return None
            columns[name] = found
        return self._encoder.arrays(columns)


def _rejects(error: ContractError, kept: NDArray[np.int64]) -> Iterator[Reject]:
    from urllib.parse import unquote

    for one in error.errors:
        match = POINTER.fullmatch(one.pointer)
        if match is not None:
            name = unquote(match["name"]).replace("~1", "/").replace("~0", "~")
            yield Reject(int(kept[int(match["row"])]), name, one.code)


def _array(column: Any) -> Numbers | Texts | None:
    """A column without gaps, as it lies in memory where it can be; None: it has gaps."""
    import pyarrow as pa

    if column.null_count:
        return None
    types, dictionary = pa.types, pa.types.is_dictionary(column.type)
    of = column.type.value_type if dictionary else column.type
    if types.is_integer(of) or types.is_floating(of):
        plain = column.dictionary_decode() if dictionary else column
        return None if plain.null_count else numbers_of(plain)  # the dictionary itself may have a gap
    if not (types.is_string(of) or types.is_large_string(of)):  # Arrow makes no dictionary of views
        return None
    coded = column if dictionary else column.dictionary_encode()
    places = numbers_of(coded.indices).astype(np.int32, copy=False)
    return Texts(tuple(coded.dictionary.to_pylist()), places)


def numbers_of(column: Any) -> Any:
    """Arrow's numbers, without gaps, where they lie. Arrow's own way imports pandas, for half a second."""
    kind_ = np.dtype(column.type.to_pandas_dtype())
    return np.frombuffer(column.buffers()[1], kind_, len(column), column.offset * kind_.itemsize)


def _values(column: Any) -> Any:
    """Numbers without gaps as an array, everything else as a list with None for a gap."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    numbers = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if numbers and column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)
    return column.to_pylist()


def _only(values: Any, keep: NDArray[np.bool_]) -> Any:
    if isinstance(values, list):
        return [value for value, wanted in zip(values, keep.tolist(), strict=True) if wanted]
    return values[keep]
