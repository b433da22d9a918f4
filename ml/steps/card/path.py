"""Measures where the time of a request goes inside the process, without HTTP."""

from __future__ import annotations

import cProfile
import pstats
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from ml.steps.card.subject import Subject
from scoring.model.composite import Composite
from scoring.model.drift import DriftRules
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import FEW_ROWS, Scorer
from scoring.settings import ModelIdentity

SIZES = {1: (20, 25), 1_000: (8, 1)}  # rows of a request -> (rounds, runs of each stage in a round)
PROFILED = 500
MOST_FUNCTIONS = 10


def measure(subject: Subject) -> dict[str, Any]:
    """The microseconds of each stage, and the functions that take most time.

    A stage's time is the mean of a round, of the fastest round: other programs only make a round slower.
    """
    return {
        "unit": "microseconds",
        "stages": {str(rows): _stages(subject, rows, *often) for rows, often in SIZES.items()},
        "functions": _functions(subject),
    }


def _scorer(subject: Subject) -> Scorer:
    monitor = DriftMonitor(subject.artifact.drift, DriftRules(), Pace())
    return Scorer(subject.artifact, monitor, ModelIdentity(), max(SIZES))


def _body(subject: Subject, rows: int) -> bytes:
    matrix = subject.matrix[[row % len(subject.matrix) for row in range(rows)]]
    return orjson.dumps({"records": subject.artifact.schema.records(matrix)})


def _stages(subject: Subject, rows: int, rounds: int, times: int) -> dict[str, float]:
    scorer, body = _scorer(subject), _body(subject, rows)
    payload = orjson.loads(body)
    matrix = scorer.encode(payload)
    batch = scorer.judge(matrix)
    composite: Composite = subject.composite
    run = composite.run_few if rows <= FEW_ROWS else composite.run
    stages: dict[str, Callable[[], object]] = {
        "parse": lambda: orjson.loads(body),
        "encode": lambda: scorer.encode(payload),
        "run": lambda: run(matrix),
        "judge": lambda: scorer.judge(matrix),
        "observe": lambda: scorer.monitor.observe(matrix),
        "answer": lambda: scorer.body(batch, "0"),
        "all": lambda: scorer.body(scorer.score(scorer.encode(orjson.loads(body))), "0"),
    }
    taken = {name: _microseconds(stage, rounds, times) for name, stage in stages.items()}
    taken["judge"] = max(0.0, taken["judge"] - taken["run"])  # the run is a stage of its own
    return {name: round(value, 2) for name, value in taken.items()}


def _microseconds(stage: Callable[[], object], rounds: int, times: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(times):
            stage()
        least = min(least, (time.perf_counter() - began) / times)
    return least * 1e6


def _functions(subject: Subject) -> list[dict[str, Any]]:
    scorer, body = _scorer(subject), _body(subject, 1)
    profile = cProfile.Profile(time.thread_time)  # counts this thread alone
    profile.enable()
    for _ in range(PROFILED):
        scorer.body(scorer.score(scorer.encode(orjson.loads(body))), "0")
    profile.disable()
    stats: Any = vars(pstats.Stats(profile))["stats"]  # keyed by (file, line, name)
    most: list[Any] = sorted(stats.items(), key=lambda item: -item[1][2])[:MOST_FUNCTIONS]
    return [
        {
            "function": spoken(file, line, name),
            "calls": round(calls / PROFILED, 2),
            "own_microseconds": round(own / PROFILED * 1e6, 2),
        }
        for (file, line, name), (_, calls, own, _, _) in most
    ]


BUILT_IN = re.compile(r"<built-in (?:method|function) (?:(?P<package>\w+)\.)?(?:.*\.)?(?P<name>\w+)>")
METHOD = re.compile(r"<method '(?P<name>\w+)' of '(?P<owner>[\w.]+)' objects>")


def spoken(file: str, line: int, name: str) -> str:
    """A profiler's name of a function as people say it: `encode.record`, `onnxruntime.run`, `len`."""
    if line:
        return f"{Path(file).stem}.{name.strip('<>')}"
    if found := BUILT_IN.fullmatch(name):
        package = found["package"]
        return found["name"] if package in (None, "builtins") else f"{package.lstrip('_')}.{found['name']}"
    if found := METHOD.fullmatch(name):
        return f"{found['owner']}.{found['name']}"
    return name.strip("<>")
