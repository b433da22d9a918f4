"""Names for pyarrow's types, which it does not describe to type checkers."""

from typing import Any, TypeAlias

ArrowDataset: TypeAlias = Any  # pyarrow.dataset.Dataset
ArrowTable: TypeAlias = Any  # pyarrow.Table
ArrowBatch: TypeAlias = Any  # pyarrow.RecordBatch
ArrowSchema: TypeAlias = Any  # pyarrow.Schema
ArrowType: TypeAlias = Any  # pyarrow.DataType
