"""The lake as a file system, here over a local folder: the client is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.lake.filesystem import _Writer, opened


def test_bytes_and_parquet_come_back_as_they_were_written(tmp_path: Path) -> None:
    files = opened(str(tmp_path), {})
    with files.open_output_stream("a/b.txt") as stream:
        stream.write(b"hello ")
        stream.write(b"world")
    with files.open_input_stream("a/b.txt") as stream:
        assert stream.read() == b"hello world"
    table: Any = pa.table({"x": list(range(100_000)), "y": ["text"] * 100_000})
    with files.open_output_stream("c.parquet") as stream, pq.ParquetWriter(stream, table.schema) as writer:
        writer.write_table(table, row_group_size=10_000)
    with files.open_input_file("c.parquet") as stream:
        assert pq.ParquetFile(stream).read().equals(table)


def test_a_file_of_which_a_part_could_not_be_written_is_not_published() -> None:
    class Upload:
        closed = False

        def write(self, data: bytes) -> int:
            if data == b"second":
                raise OSError("the network is gone")
            return len(data)

        def close(self) -> None:
            self.closed = True

    upload = Upload()
    with pytest.raises(OSError, match="network"), pa.PythonFile(_Writer(upload), mode="w") as stream:
        stream.write(b"first")
        stream.write(b"second")
    assert not upload.closed
