"""Rows of the example data set, drawn with replacement, as many as are asked for, with keys of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scoring.cache import made
from benchmarks.scoring.model import DATA

GROUP = 250_000
KEY, LABEL = "id", "default"


def rows(count: int, say: Callable[[str], None]) -> Path:
    """A Parquet file of so many rows, made once."""

    def make(folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        known: Any = pq.read_table(DATA).drop_columns([LABEL])
        random = np.random.default_rng(count)
        place = known.schema.get_field_index(KEY)
        with pq.ParquetWriter(folder / "rows.parquet", known.schema) as writer:
            for start in range(0, count, GROUP):
                size = min(GROUP, count - start)
                drawn = known.take(pa.array(random.integers(0, len(known), size)))
                keys = pa.array(np.arange(start, start + size))
                writer.write_table(
                    drawn.set_column(place, known.schema.field(KEY), keys), row_group_size=GROUP
                )

    return made(f"batch-rows-{count}", make, say, f"generating {count:,} rows") / "rows.parquet"
