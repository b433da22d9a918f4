"""Runs the load generator and reads what it found."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.scoring.processes import ServerError, pinned

REFUSALS = ("429", "503")
SPARE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Shape:
    """What to send, and how; `rate` 0 means a closed loop."""

    connections: int
    seconds: float
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """The generator's own report; times in microseconds."""

    seconds: float
    accepted: int
    p50: float
    p90: float
    p99: float
    statuses: dict[str, int]
    errors: dict[str, int]
    unsent: int
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds

    @property
    def refused(self) -> int:
        return sum(self.statuses.get(status, 0) for status in REFUSALS)

    @property
    def failed(self) -> int:
        """Answers that are neither accepted nor refused for load, and requests without an answer."""
        return sum(self.statuses.values()) - self.accepted - self.refused + sum(self.errors.values())


def parse(text: str) -> Found:
    """Raises ValueError when it is not the generator's report."""
    value: dict[str, Any] = json.loads(text)
    try:
        times = value["accepted"]
        return Found(
            seconds=value["seconds"],
            accepted=times["count"],
            p50=times["p50_us"],
            p90=times["p90_us"],
            p99=times["p99_us"],
            statuses=value["statuses"],
            errors=value["errors"],
            unsent=value["unsent"],
            cpu_seconds=value["cpu_seconds"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a report of the load generator: {text[:200]}") from error


@dataclass(frozen=True, slots=True)
class Generator:
    """The program, the requests, and the cores that it may use."""

    program: Path
    bodies: Path
    cores: Sequence[int]

    def run(self, url: str, headers: Mapping[str, str], shape: Shape) -> Found:
        """Raises ServerError when the generator fails."""
        with self.start(url, headers, shape) as running:
            try:
                output, problem = running.communicate(timeout=shape.seconds + SPARE_SECONDS)
            except subprocess.TimeoutExpired as error:
                running.kill()
                late = f"{SPARE_SECONDS:g} s after its time"
                raise ServerError(f"the load generator was still waiting for answers {late}") from error
        if running.returncode:
            raise ServerError(f"the load generator ended with {running.returncode}: {problem.strip()}")
        return parse(output)

    def start(self, url: str, headers: Mapping[str, str], shape: Shape) -> subprocess.Popen[str]:
        command = [str(self.program), "-url", url, "-bodies", str(self.bodies)]
        command += ["-connections", str(shape.connections), "-seconds", str(shape.seconds)]
        command += ["-rate", str(shape.rate)]
        for name, value in headers.items():
            command += ["-header", f"{name}: {value}"]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GOMAXPROCS": "1"},
            preexec_fn=lambda: pinned(self.cores),
        )
