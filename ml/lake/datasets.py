"""Delta tables as Arrow datasets in which a filter over fractions means what it says, NaN or not.

Of each file deltalake tells Arrow that its values lie between the smallest and the largest that the log
states. NaN is in neither, but Arrow takes the range for the truth about every row, and does not ask the rows
where it fulfils a filter: `x < 5` shows rows with NaN, or does not, by what else lies in their file. The
ranges of all other columns stay, so that whole files are skipped by a time or a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml.lake.arrow import ArrowDataset, ArrowType

if TYPE_CHECKING:
    from deltalake import DeltaTable


def dataset(table: DeltaTable) -> ArrowDataset:
    """The rows of an opened table. Only columns that are asked for are read."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    made: Any = table.to_pyarrow_dataset()
    # A column of the partition has one value in a file, and that is in no file but in the log.
    by = table.metadata().partition_columns
    told = [one for one in made.schema if one.name in by or not _holds_fractions(one.type)]
    if len(told) == len(made.schema):
        return made
    files: Any = table.to_pyarrow_dataset(schema=pa.schema(told))
    return ds.FileSystemDataset(list(files.get_fragments()), made.schema, made.format, made.filesystem)


def _holds_fractions(kind: ArrowType) -> bool:
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return True
    return any(_holds_fractions(kind.field(number).type) for number in range(kind.num_fields))
