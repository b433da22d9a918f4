"""Which engine takes a batch, and where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.batch.asked import FORMATS, Asked, Named
from ml.batch.choice import choose
from ml.batch.engines import ENGINES
from ml.batch.source import look
from ml.errors import MlopsError

LAKE = "abfss://landing@lake.dfs.core.windows.net/rows"
OUT = "abfss://predictions@lake.dfs.core.windows.net/batch"
MACHINE = ENGINES["machine"]
LARGER = replace(MACHINE, name="larger", largest=True)
TWO = {"machine": MACHINE, "larger": LARGER}
GB = 10**9


@pytest.mark.parametrize(
    ("asked", "here", "data", "output", "size", "engine", "in_process", "why"),
    [
        ("auto", False, LAKE, OUT, 5 * GB, "machine", False, "5 GB, within the 100 GB of batch.machine_up"),
        ("auto", False, LAKE, OUT, 100 * GB, "machine", False, "100 GB, within"),
        ("auto", False, LAKE, OUT, 101 * GB, "larger", False, "101 GB, more than the 100 GB"),
        ("auto", False, LAKE, OUT, None, "machine", False, "cannot be looked at from here"),
        ("auto", False, "rows/", OUT, 500 * GB, "machine", True, "rows/ is on this machine"),
        ("auto", False, LAKE, "out", 5, "machine", True, "out is on this machine"),
        ("auto", True, LAKE, OUT, 500 * GB, "machine", True, "as --here says"),
        ("larger", True, "rows/", "out", 5, "larger", True, "as --here says"),
        ("larger", False, LAKE, OUT, 5, "larger", False, "as --engine says"),
        ("machine", False, LAKE, OUT, 500 * GB, "machine", False, "as --engine says"),
    ],
)
def test_size_and_place_choose(
    asked: str, here: bool, data: str, output: str, size: int | None, engine: str, in_process: bool, why: str
) -> None:
    found = choose(asked, here, data, output, size, 100.0, TWO)
    assert (found.engine.name, found.here) == (engine, in_process)
    assert why in found.why


def test_where_there_is_one_engine_it_takes_all_and_says_so() -> None:
    found = choose("auto", False, LAKE, OUT, 500 * GB, 100.0, {"machine": MACHINE})
    assert found.engine is MACHINE and "there is no other engine" in found.why


def test_an_engine_outside_the_network_is_taken_by_name_alone() -> None:
    engines = {"machine": MACHINE, "larger": replace(LARGER, outside="it stands in the rain")}
    found = choose("auto", False, LAKE, OUT, 500 * GB, 100.0, engines)
    assert found.engine is MACHINE and found.why.endswith("and it stands in the rain")
    named = choose("larger", False, LAKE, OUT, 5, 100.0, engines)
    assert named.engine.name == "larger" and named.why == "as --engine says; it stands in the rain"
    assert ENGINES["spark"].outside  # until its jobs run in a subnet of the estate


@pytest.mark.parametrize(
    ("asked", "data", "words"), [("flink", LAKE, "'flink'"), ("machine", "rows/", "rows/")]
)
def test_an_unknown_engine_and_data_out_of_a_job_s_reach_are_refused(
    asked: str, data: str, words: str
) -> None:
    with pytest.raises(MlopsError, match=words):
        choose(asked, False, data, OUT, 5, 100.0, TWO)


def test_what_is_asked_survives_its_way_into_a_job() -> None:
    asked = Asked(
        Named("credit-default", "1", "r-0123456789abcdef", "sha256:0"), LAKE, OUT, "id", 2, "parquet"
    )
    assert Asked.of_json(asked.to_json()) == asked
    assert FORMATS == ("delta", "parquet")


def test_a_listing_says_how_large_data_is_and_when_it_changes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x" * 10)
    (tmp_path / "_hidden.csv").write_bytes(b"x" * 100)
    first: Any = look(str(tmp_path))
    assert first.bytes == 10 and look(str(tmp_path)) == first
    (tmp_path / "b.csv").write_bytes(b"y" * 5)
    second: Any = look(str(tmp_path))
    assert second.bytes == 15 and second.state != first.state
    assert look(str(tmp_path / "a.csv")).bytes == 10
    with pytest.raises(MlopsError, match="holds no file"):
        look(str(tmp_path / "nothing"))
