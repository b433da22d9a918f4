"""Table -> float32 matrix, through the very encoder that serves: training and serving cannot differ."""

from __future__ import annotations

from ml.steps.errors import StepError
from ml.steps.files import Table
from scoring.model.defects import ContractError
from scoring.model.encode import Encoder
from scoring.model.schema import Matrix, Schema


def matrix_of(frame: Table, schema: Schema) -> Matrix:
    """The matrix [rows, features]; columns beyond the schema are left out.

    Raises StepError naming the first column and value that break the schema.
    """
    missing = [name for name in schema.names if name not in frame.columns]
    if missing:
        raise StepError(f"the rows have no column {', '.join(missing)}, which the model needs")
    columns = {name: frame[name].tolist() for name in schema.names}
    try:
        return Encoder(schema, max_rows=max(1, len(frame))).encode({"columns": columns})
    except ContractError as error:
        first = error.errors[0]
        raise StepError(f"the rows break the model's schema at {first.pointer}: {first.detail}") from error
