"""What a batch's benchmark tells on paper of what it measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.batch.paper import BILLION, EXECUTORS, SPARK, SPARK_CORES, VM_CORES, Engine, crossover, paper
from infra.prices import PRICES
from ml.batch.spark.settings import SparkSettings

RATES, STARTS = st.floats(1e3, 1e6), st.floats(0, 100)
ENGINES = st.builds(Engine, STARTS, RATES)


@given(ENGINES, st.integers(1, 64), st.integers(1_000, 10**6), st.integers(2, 100))
def test_two_jobs_tell_start_and_rate(engine: Engine, cores: int, rows: int, times: int) -> None:
    small, large = ({"rows": each, "seconds": engine.seconds(each, cores)} for each in (rows, rows * times))
    found = Engine.of(small, large, cores)
    assert math.isclose(found.rate, engine.rate, rel_tol=1e-3)
    assert math.isclose(found.start, engine.start, rel_tol=1e-3, abs_tol=1e-3 * large["seconds"])


def test_a_larger_job_that_was_not_slower_tells_nothing() -> None:
    with pytest.raises(ValueError, match=r"2,000 rows took 1\.0 s and 1,000 rows 1\.5 s"):
        Engine.of({"rows": 1_000, "seconds": 1.5}, {"rows": 2_000, "seconds": 1.0}, 2)


@given(ENGINES, ENGINES, st.integers(1, 8), st.integers(1, 64))
def test_from_the_crossover_on_more_cores_end_first(one: Engine, many: Engine, cores: int, more: int) -> None:
    found = crossover(one, cores, many, more)
    if found is None:
        assert many.rate * more <= one.rate * cores
        return
    later = 2 * found + 1
    assert many.seconds(later, more) <= one.seconds(later, cores) * (1 + 1e-9)
    if found:
        assert many.seconds(found / 2, more) >= one.seconds(found / 2, cores) * (1 - 1e-9)


def test_a_billion_rows_cost_what_the_price_table_says() -> None:
    settings = SparkSettings()
    assert (settings.executors, settings.executor_cores) == (EXECUTORS, SPARK_CORES)
    assert settings.instance_type == SPARK.partition("/")[2].lower()
    found = paper(Engine(0.0, 250_000.0), Engine(30.0, 250_000.0))
    assert found.machine_s == BILLION / 250_000 / VM_CORES == 1_000
    assert math.isclose(found.machine_usd, 1_000 / 3600 * PRICES["vm/Standard_D4ds_v5"].usd)
    assert found.spark_s == 530
    assert math.isclose(found.spark_usd, 530 / 3600 * 3 * PRICES["ml-spark/Standard_E4s_v3"].usd)
    assert found.from_rows == 60_000_000  # 30 s at a million rows a second more
