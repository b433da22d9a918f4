"""What the engine of one machine says of what cannot be done, before its rows and in the middle of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from ml.features.database import SqlError
from ml.features.engine import Machine, engine
from ml.lake import tables

BROKEN = "SELECT CASE WHEN a = 150000 THEN error('at once') ELSE a END AS a FROM rows"
WAYS: dict[str, Callable[[Machine, DeltaTable, str], object]] = {
    "batches": lambda machine, _, sql: list(machine.batches(sql)),
    "append": lambda machine, table, sql: machine.append(table, sql, taken={}, told={}),
    "replace": lambda machine, table, sql: machine.replace(table, sql, taken={}, told={}),
}


@pytest.fixture(scope="module")
def machine() -> Generator[Machine]:
    with engine(0.5, 1) as opened:
        opened.register("rows", pa.table({"a": range(200_000)}))
        yield opened


@pytest.mark.parametrize(
    "sql", [BROKEN, "SELECT b AS a FROM rows"], ids=["in the middle", "at the beginning"]
)
@pytest.mark.parametrize("way", WAYS)
def test_what_fails_is_said_in_one_line_and_nothing_is_written(
    machine: Machine, tmp_path: Path, way: str, sql: str
) -> None:
    table = tables.make_table(tmp_path / "table", pa.schema([("a", pa.int64())]))
    with pytest.raises(SqlError) as caught:
        WAYS[way](machine, table, sql)
    assert str(caught.value).count("\n") == 0
    assert "at once" in str(caught.value) or '"b" not found' in str(caught.value)
    again = tables.open_table(tmp_path / "table")
    assert again is not None
    assert again.version() == 0
