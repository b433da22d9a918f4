"""What was measured: written as JSON, read again for the page. Times without a unit are microseconds."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

FORMAT = 3


@dataclass(frozen=True)
class Timing:
    """In process, JSON bytes to JSON bytes."""

    name: str  # "ours" or "naive"
    rows: int
    runs: int
    p50: float
    p99: float


@dataclass(frozen=True)
class Load:
    """One server under one number of connections: the median round by throughput."""

    connections: int
    rounds: int
    per_second: float  # accepted
    p50: float
    p90: float
    p99: float
    accepted: int
    refused: int
    errors: int
    server_user: float  # processor time for one request
    server_system: float
    generator_share: float  # of one core


@dataclass(frozen=True)
class Served:
    """A server with one arrangement of cores. `absent` says why it could not be measured."""

    key: str
    title: str
    composite: str  # "ours", "naive", "constant"
    workers: int
    cores: int
    version: str = ""
    absent: str | None = None
    loads: list[Load] = field(default_factory=list)
    resident_mb: float | None = None
    pss_mb: float | None = None
    ready_s: float | None = None


@dataclass(frozen=True)
class Start:
    """Our service from exec on: medians over `starts`. Memory is that after load."""

    title: str
    telemetry: bool
    starts: int
    ready_s: float
    first_score_s: float
    resident_mb: float
    pss_mb: float


@dataclass(frozen=True)
class Floor:
    """Our service and a constant answer, by turns: accepted requests a second, and their processor time."""

    connections: int
    ours: list[float]
    constant: list[float]
    server_ours: float  # processor time for one request
    server_constant: float


@dataclass(frozen=True)
class Telemetry:
    """Throughput of our service with and without telemetry, by turns; accepted requests a second."""

    connections: int
    off: list[float]
    on: list[float]
    requests: int  # answered while it was on
    events: int  # custom events that arrived
    told: int  # requests whose rows were in them
    traces: int
    server_off: float  # processor time for one request, all processes
    server_on: float


TOGETHER = 24  # requests that came in the same turn of the event loop: about as many of 32 connections


@dataclass(frozen=True)
class Part:
    """A share of the time of one request that is answered together with others; `alone`: by itself."""

    name: str
    us: float
    how: str
    alone: float | None = None


@dataclass(frozen=True)
class Pair:
    """What was measured by turns, of the build before and of ours."""

    before: list[float]
    ours: list[float]


@dataclass(frozen=True)
class Before:
    """Our build beside the last one without machine code."""

    commit: str
    timings: dict[str, Pair]  # microseconds of a call in process
    rates: dict[str, Pair]  # requests a second, by the number of connections
    resident_mb: Pair
    ready_s: Pair


@dataclass(frozen=True)
class Compiler:
    """What evaluates our graph. `turns`: microseconds a row of each turn, by the number of rows in a call.

    `difference`: the largest one from ONNX Runtime. `megabytes`: what it takes on the disk.
    """

    name: str
    version: str
    absent: str | None
    difference: float = 0.0
    megabytes: float = 0.0
    turns: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


@dataclass(frozen=True)
class Soak:
    """Open loop at a multiple of what the service takes."""

    seconds: float
    capacity: float  # accepted a second, closed loop
    rate: float  # due a second
    accepted_per_second: float
    refused_share: float  # answered 429 or 503
    unsent_share: float
    failed: int  # neither accepted nor refused in that way
    p99_at_capacity: float
    p99_accepted: float
    resident_mb: list[float]  # over time
    statuses: dict[str, int]


@dataclass(frozen=True)
class Results:
    machine: dict[str, str]
    quick: bool
    in_process: list[Timing] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    floor: Floor | None = None
    starts: list[Start] = field(default_factory=list)
    telemetry: Telemetry | None = None
    parts: list[Part] = field(default_factory=list)
    before: Before | None = None
    compilers: list[Compiler] = field(default_factory=list)
    soak: Soak | None = None
    problems: dict[str, str] = field(default_factory=dict)  # sections that could not be measured, and why
    seconds: float = 0.0

    def server(self, key: str, cores: int) -> Served | None:
        return next((one for one in self.served if (one.key, one.cores) == (key, cores)), None)

    def timing(self, name: str, rows: int) -> Timing | None:
        return next((one for one in self.in_process if (one.name, one.rows) == (name, rows)), None)

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **dataclasses.asdict(self)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Results:
        """Raises ValueError for another format."""
        if value.get("format") != FORMAT:
            raise ValueError(f"results have format {value.get('format')!r}, this program reads {FORMAT}")
        floor, telemetry, soak = value["floor"], value["telemetry"], value["soak"]
        before = value["before"]
        return Results(
            machine=value["machine"],
            quick=value["quick"],
            in_process=[Timing(**one) for one in value["in_process"]],
            served=[_served(one) for one in value["served"]],
            floor=Floor(**floor) if floor else None,
            starts=[Start(**one) for one in value["starts"]],
            telemetry=Telemetry(**telemetry) if telemetry else None,
            parts=[Part(**one) for one in value["parts"]],
            before=_before(before) if before else None,
            compilers=[Compiler(**one) for one in value["compilers"]],
            soak=Soak(**soak) if soak else None,
            problems=value["problems"],
            seconds=value["seconds"],
        )

    def write(self, file: Path) -> None:
        write(file, json.dumps(self.to_json(), indent=1) + "\n")


def _before(value: dict[str, Any]) -> Before:
    pairs = {name: {key: Pair(**pair) for key, pair in value[name].items()} for name in ("timings", "rates")}
    single = {name: Pair(**value[name]) for name in ("resident_mb", "ready_s")}
    return Before(value["commit"], **pairs, **single)


def _served(value: dict[str, Any]) -> Served:
    members = dict(value)
    loads = [Load(**load) for load in members.pop("loads")]
    return Served(**members, loads=loads)


def read(file: Path) -> Results:
    """Raises ValueError when the file holds something else, OSError when there is none."""
    value = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return Results.from_json(cast("dict[str, Any]", value))


def write(file: Path, text: str) -> None:
    """Aside, then renamed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
