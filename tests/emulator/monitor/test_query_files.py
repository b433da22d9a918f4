"""Each query binds over typed columns: Azure's analyser lets comparisons of other types pass."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

import pytest

from emulator.monitor.kql import engine
from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.table import INGESTED, Column, Table
from emulator.monitor.logs.schema import SCHEMA
from tests.emulator.monitor.query_files import QUERIES, of_files

TEXT: Final = re.compile(r'(\b[A-Z]\w+|tostring\([^()]*\)) (==|!=) "[^"]*"')


class Empty:
    """All tables, without rows."""

    def table(self, name: str) -> Table | None:
        if name not in SCHEMA:
            return None
        columns = (*(Column(column, kind) for column, kind in SCHEMA[name]), Column(INGESTED, "datetime"))
        return Table(columns, [], name=name)

    def names(self) -> list[str]:
        return list(SCHEMA)


@pytest.mark.parametrize(("name", "query"), QUERIES, ids=[name for name, _ in QUERIES])
def test_a_query_binds_and_a_comparison_of_other_types_does_not(name: str, query: str) -> None:
    engine.run(query, Empty(), 0)
    changed, times = TEXT.subn(r"\1 \2 1", query, count=1)
    if times:
        with pytest.raises(QueryFault, match="Cannot compare values of types string and long"):
            engine.run(changed, Empty(), 0)


def test_queries_of_files_are_found() -> None:
    assert {"counts", "failures", "lag", "request"} <= {PurePath(name).stem for name, _ in of_files()}
