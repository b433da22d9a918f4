"""An answer as an Arrow IPC stream; drift, model and request id are in the schema's metadata."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from scoring.scorer import Batch


def answer(batch: Batch, metadata: Mapping[str, str]) -> bytes:
    """Columns `probability`, `label`, `outlier_score`, `outlier_flag`; a number is what JSON has."""
    import nanoarrow as na
    from nanoarrow.ipc import StreamWriter

    flags = np.packbits(np.array(batch.outlier_flags, dtype=np.bool_), bitorder="little")
    columns = (
        ("probability", na.float64, np.array(batch.probabilities, dtype=np.float64)),
        ("label", na.int8, np.array(batch.labels, dtype=np.int8)),
        ("outlier_score", na.float64, np.array(batch.outlier_scores, dtype=np.float64)),
        ("outlier_flag", na.bool_, flags),
    )
    fields = {name: kind(nullable=False) for name, kind, _ in columns}
    schema = na.c_schema(na.struct(fields, nullable=False)).modify(metadata=dict(metadata))
    children = [na.c_array_from_buffers(kind(), batch.rows, [None, values]) for _, kind, values in columns]
    rows = na.c_array_from_buffers(schema, batch.rows, buffers=[None], children=children)
    written = io.BytesIO()
    with StreamWriter.from_writable(written) as writer:
        writer.write_array(rows)
    return written.getvalue()
