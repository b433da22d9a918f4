"""Types of columns as Arrow, Spark and DuckDB call them; what engines calculate otherwise is refused."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ml.features.database import SqlError
from ml.lake.arrow import ArrowSchema, ArrowType

NAMES: Final = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
}
"""Spark's name and DuckDB's, by which types are compared (ml.features.transform)."""


@cache
def _arrow() -> dict[str, ArrowType]:
    """Spark's name and Arrow's type."""
    import pyarrow as pa

    return {
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "double": pa.float64(),
        "string": pa.string(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", "UTC"),
        "timestamp_ntz": pa.timestamp("us"),
    }


def taken(schema: ArrowSchema, source: str) -> ArrowSchema:
    """The same columns in types that Spark has. Raises SqlError naming each that it calculates otherwise."""
    import pyarrow as pa

    found = pa.schema([(field.name, _plain(field.type)) for field in schema])
    if wrong := [f"{field.name} is {field.type}" for field in found if field.type not in _arrow().values()]:
        raise SqlError(
            f"of {source}, {', '.join(wrong)}: Spark calculates otherwise with that, or does not have it; "
            "write it as a double, a whole number, a text, a date or a timestamp"
        )
    return found


def arrow(schema: Any) -> ArrowSchema:
    """The columns of a StructType of Spark."""
    import pyarrow as pa

    return pa.schema([(field.name, _arrow()[field.dataType.simpleString()]) for field in schema])


def ddl(schema: ArrowSchema) -> str:
    """The columns as Spark takes them with rows."""
    names = {kind: name for name, kind in _arrow().items()}
    return ", ".join(f"`{field.name.replace('`', '``')}` {names[field.type]}" for field in schema)


def _plain(kind: ArrowType) -> ArrowType:
    """The same values in another form: large or coded texts, and units and names of UTC of timestamps."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_large_string(kind) or str(kind) == "string_view":
        return pa.string()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", None if kind.tz is None else "UTC")
    return kind
