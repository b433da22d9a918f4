"""From measured jobs to what Azure would take and cost, on paper: one machine beside Spark.

A job takes a start and then so long for each row and core. Two jobs of one engine, a small one and a large
one, tell both. On paper a vCPU of Azure is a core of here, and neither storage nor network is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from infra.prices import PRICES

BILLION: Final = 1_000_000_000
VM, VM_CORES = "vm/Standard_D4ds_v5", 4
SPARK, SPARK_CORES, EXECUTORS = "ml-spark/Standard_E4s_v3", 4, 2  # as ml/batch/spark/settings.py has them


@dataclass(frozen=True, slots=True)
class Engine:
    """start: seconds before the first row. rate: rows a second of each core."""

    start: float
    rate: float

    @staticmethod
    def of(small: dict[str, Any], large: dict[str, Any], cores: int) -> Engine:
        """From two jobs, each with `rows` and `seconds` from its command to its end, on so many cores.

        Raises ValueError where the larger one was not the slower one: the machine was not idle.
        """
        rows, seconds = large["rows"] - small["rows"], large["seconds"] - small["seconds"]
        if rows <= 0 or seconds <= 0:
            raise ValueError(
                f"{large['rows']:,} rows took {large['seconds']:.1f} s and {small['rows']:,} rows "
                f"{small['seconds']:.1f} s: nothing can be told of a row; measure again, with --most larger"
            )
        each = seconds / rows
        return Engine(max(0.0, small["seconds"] - each * small["rows"]), 1.0 / each / cores)

    def seconds(self, rows: float, cores: int) -> float:
        return self.start + rows / self.rate / cores


def crossover(one: Engine, cores: int, many: Engine, more: int) -> float | None:
    """The rows from which on `many` on so many more cores ends first; None: never, 0: always."""
    gained = 1.0 / (one.rate * cores) - 1.0 / (many.rate * more)
    if gained <= 0:
        return None
    return max(0.0, (many.start - one.start) / gained)


@dataclass(frozen=True, slots=True)
class Paper:
    """Of a billion rows: seconds and US dollars of each; and from how many rows on Spark ends first."""

    machine_s: float
    machine_usd: float
    spark_s: float
    spark_usd: float
    from_rows: float | None


def paper(machine: Engine, spark: Engine) -> Paper:
    """The default machine of the cluster beside the default Spark job, whose driver is a machine as well."""
    cores = EXECUTORS * SPARK_CORES
    alone, together = machine.seconds(BILLION, VM_CORES), spark.seconds(BILLION, cores)
    return Paper(
        alone,
        alone / 3600 * PRICES[VM].usd,
        together,
        together / 3600 * PRICES[SPARK].usd * (EXECUTORS + 1),
        crossover(machine, VM_CORES, spark, cores),
    )
