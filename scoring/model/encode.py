"""Rows of JSON -> float32 matrix, under a strict contract: what is not stated in the schema is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from scoring.model.columns import Column, Numbers, codes_at
from scoring.model.defects import (
    MAX_ERRORS,
    ContractError,
    FieldError,
    TooManyRowsError,
    explain_value,
    first_few,
    fragment,
    what_is,
)
from scoring.model.schema import (
    CategoryFeature,
    Matrix,
    NumberFeature,
    Schema,
    codes,
    int_limits,
)
from scoring.model.typed_json import describe

if TYPE_CHECKING:
    from scoring.model.machine import MachineCode

MANY_ROWS = 8  # from so many records on, they are read column by column


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: all different ones, and for each row [rows] the place of its own, int32."""

    different: tuple[str | None, ...]
    places: NDArray[np.int32]


class Encoder:
    """Makes the matrix of a request's rows, for one schema.

    The values of a column are JSON's in a list, or numbers in an array.

    `code` reads rows that keep the contract, as this class does. What it does not take is read here, where
    defects are explained.
    """

    def __init__(self, schema: Schema, max_rows: int, code: MachineCode | None = None) -> None:
        self._rows = None if code is None else code.rows(schema)
        self._schema = schema
        self._max_rows = max_rows
        self._names = frozenset(schema.names)
        self._columns_of = tuple(map(Column, schema.features))
        self._values_of = _all_of(schema.names)
        # limits of type int for integers: comparing an int with a float takes twice as long
        self._numbers = tuple(
            (
                position,
                *int_limits(feature),
                feature.minimum,
                feature.maximum,
                feature.integer,
            )
            for position, feature in enumerate(schema.features)
            if isinstance(feature, NumberFeature)
        )
        self._categories = tuple(
            (position, codes(feature))
            for position, feature in enumerate(schema.features)
            if isinstance(feature, CategoryFeature)
        )

    def encode(self, payload: object) -> Matrix:
        """The matrix [rows, features] of {"records": [...]} or {"columns": {...}}.

        Raises ContractError, or TooManyRowsError before any value is looked at.
        """
        if not isinstance(payload, dict):
            raise ContractError(
                [FieldError("#", "wrong_type", f"expected an object, found {describe(payload)}")]
            )
        members = cast("dict[str, object]", payload)
        if len(members) == 1 and "records" in members:
            return self._records(members["records"])
        if len(members) == 1 and "columns" in members:
            return self._columns(members["columns"])
        detail = "the body must have exactly one member: 'records' or 'columns'"
        unknown = first_few(name for name in members if name not in ("records", "columns"))
        pointers = [f"#/{fragment(name[:100])}" for name in unknown] or ["#"]
        raise ContractError([FieldError(pointer, "unknown_member", detail) for pointer in pointers])

    def arrays(self, columns: Mapping[str, Numbers | Texts]) -> Matrix | None:
        """The matrix [rows, features] of the schema's columns, each without gaps; all have as many rows.

        None: not all keep the contract, or it takes `encode` to know.
        """
        given = [columns[column.feature.name] for column in self._columns_of]
        coded = [
            (one.places, column.table(one.different)) if isinstance(one, Texts) else one
            for one, column in zip(given, self._columns_of, strict=True)
        ]
        first = given[0]
        rows = len(first.places if isinstance(first, Texts) else first)
        matrix = np.empty((rows, self._schema.width), dtype=np.float32)
        if self._rows is not None:
            return matrix if self._rows.arrays(tuple(coded), matrix) else None
        for position, (column, one) in enumerate(zip(self._columns_of, coded, strict=True)):
            found = codes_at(*one) if isinstance(one, tuple) else column.of_array(one)
            if found is None:
                return None
            matrix[:, position] = found
        return matrix

    def _records(self, records: object) -> Matrix:
        if not isinstance(records, list) or not records:
            detail = f"expected an array of at least one record, found {what_is(records)}"
            raise ContractError([FieldError("#/records", "wrong_type", detail)])
        rows = cast("list[object]", records)
        if len(rows) > self._max_rows:
            raise TooManyRowsError(len(rows), self._max_rows)
        if self._rows is not None:
            matrix = np.empty((len(rows), len(self._names)), dtype=np.float32)
            if self._rows.records(rows, matrix):
                return matrix
        if len(rows) >= MANY_ROWS and (matrix := self._many_records(rows)) is not None:
            return matrix
        encoded = [self._record(row) for row in rows]
        if any(values is None for values in encoded):
            errors: list[FieldError] = []
            for index, values in enumerate(encoded):
                if values is None and len(errors) <= MAX_ERRORS:
                    errors.extend(self._explain(rows[index], f"#/records/{index}"))
            raise ContractError(errors)
        return np.array(encoded, dtype=np.float32)

    def _many_records(self, rows: list[object]) -> Matrix | None:
        """The matrix of many records, read column by column; None when one of them has any defect."""
        width = len(self._names)
        if any(type(row) is not dict or len(cast("dict[str, object]", row)) != width for row in rows):
            return None
        matrix = np.empty((len(rows), width), dtype=np.float32)
        for position, column in enumerate(self._columns_of):
            try:
                values = list(map(column.get, rows))
            except KeyError:
                return None
            found = column.encode(values)
            if found is None:
                return None
            matrix[:, position] = found
        return matrix

    def _record(self, record: object) -> list[float] | None:
        """The row of one record; None when it has any defect."""
        if type(record) is not dict or len(cast("dict[str, object]", record)) != len(self._names):
            return None
        try:
            values = list(self._values_of(record))
        except KeyError:
            return None
        # written out without calls of the readers: most of the time of encoding is spent here
        for position, least, most, low, high, integer in self._numbers:
            value = values[position]
            kind = type(value)  # not isinstance: true and false are integers to it
            if kind is int:
                if not least <= value <= most:
                    return None
            elif kind is not float or not low <= value <= high or (integer and not value.is_integer()):
                return None
        for position, table in self._categories:
            kind = type(value := values[position])
            if (kind is not str and kind is not int and kind is not float) or value not in table:
                return None
            values[position] = table[value]
        return values

    def _explain(self, record: object, pointer: str) -> list[FieldError]:
        if not isinstance(record, dict):
            return [FieldError(pointer, "wrong_type", f"expected an object, found {describe(record)}")]
        fields = cast("dict[str, object]", record)
        errors = self._explain_names(fields, pointer)
        for column in self._columns_of:
            name = column.feature.name
            if name in fields and column.read(fields[name]) is None:
                errors.append(explain_value(column.feature, fields[name], f"{pointer}/{fragment(name)}"))
        return errors

    def _explain_names(self, fields: dict[str, object], pointer: str) -> list[FieldError]:
        errors = [
            FieldError(f"{pointer}/{fragment(name)}", "missing_field", "the field is required")
            for name in self._schema.names
            if name not in fields
        ]
        errors.extend(
            FieldError(f"{pointer}/{fragment(name[:100])}", "unknown_field", "the model has no such feature")
            for name in first_few(name for name in fields if name not in self._names)
        )
        return errors

    def _columns(self, columns: object) -> Matrix:
        if not isinstance(columns, dict):
            detail = f"expected an object of arrays, found {describe(columns)}"
            raise ContractError([FieldError("#/columns", "wrong_type", detail)])
        arrays = cast("dict[str, object]", columns)
        errors = self._explain_names(arrays, "#/columns")
        lengths: dict[str, int] = {}
        for name in filter(arrays.__contains__, self._schema.names):
            array = arrays[name]
            if not isinstance(array, list | np.ndarray) or not len(cast("list[object]", array)):
                detail = f"expected an array of at least one value, found {what_is(array)}"
                errors.append(FieldError(f"#/columns/{fragment(name)}", "wrong_type", detail))
            else:
                lengths[name] = len(cast("list[object]", array))
        if lengths and max(lengths.values()) > self._max_rows:
            raise TooManyRowsError(max(lengths.values()), self._max_rows)
        if len(set(lengths.values())) > 1:
            rows = max(lengths.values(), key=list(lengths.values()).count)
            errors.extend(
                FieldError(
                    f"#/columns/{fragment(name)}",
                    "wrong_length",
                    f"{length} values, other columns have {rows}",
                )
                for name, length in sorted(lengths.items())
                if length != rows
            )
        if errors:
            raise ContractError(errors)
        rows = next(iter(lengths.values()))
        matrix = np.empty((rows, self._schema.width), dtype=np.float32)
        for position, column in enumerate(self._columns_of):
            name = column.feature.name
            array = arrays[name]
            if isinstance(array, np.ndarray):
                found = column.of_array(cast("Numbers", array))
                if found is not None:
                    matrix[:, position] = found
                    continue
                array = cast("Numbers", array).tolist()  # which says what is wrong, if anything is
            values = cast("list[object]", array)
            if self._rows is not None and self._rows.column(position, values, matrix):
                continue
            encoded = column.encode(values)
            if encoded is None:
                wrong = ((row, value) for row, value in enumerate(values) if column.read(value) is None)
                errors.extend(
                    explain_value(column.feature, value, f"#/columns/{fragment(name)}/{row}")
                    for row, value in first_few(wrong)
                )
                if len(errors) > MAX_ERRORS:
                    break
            else:
                matrix[:, position] = encoded
        if errors:
            raise ContractError(errors)
        return matrix


def _all_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that reads these members of an object. It raises KeyError when one is missing."""
    if len(names) > 1:
        return itemgetter(*names)
    one: Callable[[Any], Any] = itemgetter(*names)
    return lambda members: (one(members),)
