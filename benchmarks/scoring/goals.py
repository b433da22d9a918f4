"""The goals, as data, and whether the results meet them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from benchmarks.scoring.results import Results, Served
from benchmarks.scoring.servers import RIVALS
from benchmarks.scoring.statistics import by_turns, telemetry_cost

Sense = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Goal:
    """`measure` gives None when the results do not hold what it needs."""

    key: str
    title: str
    sense: Sense
    bound: float
    show: Callable[[float], str]
    measure: Callable[[Results], float | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    goal: Goal
    value: float | None

    @property
    def met(self) -> bool | None:
        """None: not measured."""
        if self.value is None:
            return None
        goal = self.goal
        return self.value <= goal.bound if goal.sense == "at most" else self.value >= goal.bound

    @property
    def word(self) -> str:
        return {True: "met", False: "not met", None: "not measured"}[self.met]

    @property
    def shown(self) -> str:
        return "-" if self.value is None else self.goal.show(self.value)

    @property
    def wanted(self) -> str:
        return f"{self.goal.sense} {self.goal.show(self.goal.bound)}"

    def to_json(self) -> dict[str, Any]:
        goal = self.goal
        return {
            "key": goal.key,
            "title": goal.title,
            "goal": self.wanted,
            "value": self.value,
            "shown": self.shown,
            "met": self.met,
        }


def throughput(served: Served | None) -> float | None:
    """Accepted requests a second at the number of connections that suits the server best."""
    return max((load.per_second for load in served.loads), default=None) if served else None


def ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None or below <= 0 else above / below


def _single(results: Results) -> float | None:
    found = results.timing("ours", 1)
    return found.p50 if found else None


def _times_naive(results: Results) -> float | None:
    naive = results.timing("naive", 1)
    return ratio(naive.p50 if naive else None, _single(results))


def _against(*keys: str) -> Callable[[Results], float | None]:
    """Our throughput over the best of these servers', each on one core."""

    def measure(results: Results) -> float | None:
        others = [throughput(results.server(key, 1)) for key in keys]
        best = max((one for one in others if one is not None), default=None)
        return ratio(throughput(results.server("ours", 1)), best)

    return measure


def _floor(results: Results) -> float | None:
    return by_turns(results.floor.ours, results.floor.constant) if results.floor else None


def _telemetry(results: Results) -> float | None:
    return telemetry_cost(results.telemetry) if results.telemetry else None


def _worst_start(field: str) -> Callable[[Results], float | None]:
    return lambda results: max((getattr(start, field) for start in results.starts), default=None)


def _soak_latency(results: Results) -> float | None:
    soak = results.soak
    return ratio(soak.p99_accepted, soak.p99_at_capacity) if soak else None


def _soak_failures(results: Results) -> float | None:
    return float(results.soak.failed) if results.soak else None


def _soak_growth(results: Results) -> float | None:
    """Of memory: the last quarter's median over the first's, less one."""
    memory = results.soak.resident_mb if results.soak else []
    if len(memory) < 8:
        return None
    quarter = len(memory) // 4
    return median(memory[-quarter:]) / median(memory[:quarter]) - 1.0


def _us(value: float) -> str:
    return f"{value:.1f} us"


def _times(value: float) -> str:
    return f"{value:.2f} times" if value < 10 else f"{value:,.0f} times"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _mb(value: float) -> str:
    return f"{value:.0f} MB"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _count(value: float) -> str:
    return f"{value:.0f}"


def _beside(of: str, key: str) -> Callable[[Results], float | None]:
    """Ours over the build before: of its `timings` or `rates`."""

    def measure(results: Results) -> float | None:
        found = getattr(results.before, of).get(key) if results.before else None
        return by_turns(found.ours, found.before) if found and found.ours and found.before else None

    return measure


def _arrow(results: Results) -> float | None:
    """Rows a second as Arrow, over those of the build before as JSON in columns."""
    timings = results.before.timings if results.before else {}
    if "5,000 rows, Arrow" not in timings:
        return None
    return by_turns(timings["5,000 rows, columns"].before, timings["5,000 rows, Arrow"].ours)


def _more_memory(results: Results) -> float | None:
    found = results.before.resident_mb if results.before else None
    return found.ours[0] - found.before[0] if found else None


def _later(results: Results) -> float | None:
    found = results.before.ready_s if results.before else None
    return median(found.ours) / median(found.before) if found else None


# Ratios to the last build without machine code, by turns in the same run.
BESIDE_BEFORE = (
    *(
        Goal(f"before-{key}", f"{title}: time over the build before's", "at most", bound, _times, measure)
        for key, title, bound, measure in (
            ("row", "one row in process", 0.5, _beside("timings", "1 row")),
            ("records", "1,000 rows in process, records", 0.55, _beside("timings", "1,000 rows, records")),
            ("columns", "1,000 rows in process, columns", 0.35, _beside("timings", "1,000 rows, columns")),
            ("model", "the model alone, 4,096 rows", 0.25, _beside("timings", "model, 4,096 rows")),
        )
    ),
    *(
        Goal(
            f"before-{number}",
            f"throughput over the build before's, {number} connections",
            "at least",
            bound,
            _times,
            _beside("rates", number),
        )
        for number, bound in (("32", 1.2), ("4", 1.3))
    ),
    Goal(
        "before-arrow",
        "5,000 rows as Arrow: rows a second over those of the build before as JSON in columns",
        "at least",
        3.0,
        _times,
        _arrow,
    ),
    Goal("before-memory", "memory after load above the build before's", "at most", 5.0, _mb, _more_memory),
    Goal("before-ready", "from start to ready, over the build before", "at most", 1.0, _times, _later),
)
GOALS = (
    Goal("single", "one row in process, p50", "at most", 50.0, _us, _single),
    Goal(
        "naive",
        "one row in process: the naive composite's time over ours",
        "at least",
        500.0,
        _times,
        _times_naive,
    ),
    *BESIDE_BEFORE,
    Goal("floor", "throughput over that of a constant answer", "at least", 0.75, _share, _floor),
    Goal(
        "azureml",
        "throughput over that of azureml-inference-server-http, naive composite",
        "at least",
        100.0,
        _times,
        _against("azureml-naive"),
    ),
    Goal(
        "servers",
        "throughput over that of the best other server, our composite",
        "at least",
        2.0,
        _times,
        _against(*RIVALS),
    ),
    Goal("telemetry", "share of the throughput that telemetry takes", "at most", 0.15, _share, _telemetry),
    Goal(
        "memory",
        "resident memory after load, with telemetry",
        "at most",
        150.0,
        _mb,
        _worst_start("resident_mb"),
    ),
    Goal("ready", "from start to ready, with telemetry", "at most", 1.5, _seconds, _worst_start("ready_s")),
    Goal(
        "soak-latency",
        "overload: p99 of accepted requests over that at capacity",
        "at most",
        2.0,
        _times,
        _soak_latency,
    ),
    Goal(
        "soak-failures",
        "overload: requests neither scored nor refused",
        "at most",
        0.0,
        _count,
        _soak_failures,
    ),
    Goal("soak-memory", "overload: growth of memory", "at most", 0.05, _share, _soak_growth),
)


def verdicts(results: Results) -> list[Verdict]:
    return [Verdict(goal, goal.measure(results)) for goal in GOALS]
