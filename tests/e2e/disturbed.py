"""The demo's line on one emulator, with a saved copy of its home before each phase, to be disturbed from."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.e2e import endstate, homes, killing
from tests.e2e.conftest import ROOT, World

CLIENT_LIMIT_S: Final = 240.0  # that is a hang: a whole training on a busy machine takes less


@dataclass(frozen=True)
class Phase:
    name: str
    argv: tuple[str, ...]


QUIET: Final = ("--yes", "--skip-preview", "--non-interactive", "--color", "never")
PHASES: Final = (
    Phase("up", ("pulumi", "up", "-s", "stage", *QUIET)),
    Phase("train", ("mlops", "train", "--env", "stage")),
    Phase("deploy", ("mlops", "deploy", "--env", "stage")),
    Phase("score", ("mlops", "score", "--env", "stage", "--rows", "20")),
)
VICTIMS: Final = {
    "up": ("daemon", "command", "pulumi", "everything"),
    "train": ("daemon", "command", "job", "everything", "daemon", "job"),
    "deploy": ("daemon", "command", "scoring", "everything", "daemon"),
    "score": ("daemon", "command", "scoring", "everything"),
}


@dataclass(frozen=True)
class Plan:
    """One kill: of whom, in which phase, at which part (0 to 1) of the time that the phase takes."""

    phase: Phase
    victim: str
    moment: float

    def __str__(self) -> str:
        return f"{self.victim} at {self.moment:.0%} of {self.phase.name}"


def plan(seed: int, number: int) -> Plan:
    """The kill of a number: every pair of phase and victim comes in turn, in an order of the seed's."""
    pairs = [(phase, victim) for phase in PHASES for victim in VICTIMS[phase.name]]
    round_, place = divmod(number, len(pairs))
    random.Random(f"{seed}/{round_}").shuffle(pairs)
    phase, victim = pairs[place]
    return Plan(phase, victim, random.Random(f"{seed}/{number}").random())


class Line:
    """Goes through the phases once, undisturbed; then each can be done again, disturbed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(folder / "home")
        self.seconds: dict[str, float] = {}
        self.ends: dict[str, endstate.EndState] = {}

    @property
    def home(self) -> Path:
        return self.world.home

    def lay(self) -> None:
        self.world.emulator("up")
        self.world.bootstrap()
        for phase in PHASES:
            self.world.emulator("down")
            self.save(phase.name)
            self.world.emulator("up")
            began = time.monotonic()
            self.world.run(*phase.argv)
            self.seconds[phase.name] = time.monotonic() - began
            self.world.emulator("down")
            self.ends[phase.name] = endstate.read(self.home)
            self.world.emulator("up")
        self.world.emulator("down")

    def save(self, name: str) -> None:
        homes.copy(self.home, self.folder / name)

    def restore(self, name: str) -> None:
        shutil.rmtree(self.home)
        homes.copy(self.folder / name, self.home)

    def disturb(self, kill: Plan) -> list[str]:
        """Restore, start the phase, kill, mend as a person would; what is wrong then."""
        self.restore(kill.phase.name)
        self.world.emulator("up")
        killed = interrupt(self.world, kill, self.seconds[kill.phase.name])
        problems = [] if killed else [f"there was no {kill.victim} to kill"]
        problems += mend(self.world, kill.phase)
        if kill.phase.name in ("deploy", "score"):
            problems += again(self.world, PHASES[-1])
        return problems + closed(self.world, self.ends[kill.phase.name])


def interrupt(world: World, kill: Plan, seconds: float) -> killing.Processes:
    """Start the phase, kill the victim at its moment, let the command come to an end; who was killed."""
    command = [sys.executable, "-m", "emulator", "run", "--", *kill.phase.argv]
    log = world.home.with_name("disturbed.log")
    with log.open("wb") as output:
        client = subprocess.Popen(
            command, cwd=ROOT, env=world.environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    time.sleep(kill.moment * seconds)
    find = _finder(world.home, kill.victim, client.pid)
    while not (found := find()) and client.poll() is None:
        time.sleep(0.05)
    families = [one for process in killing.daemon(world.home) for one in killing.family(process)]
    victims = killing.kill(found)
    if kill.victim in ("daemon", "everything"):
        orphans = killing.left(lambda: families)
        assert not orphans, f"orphans of the daemon: {killing.named(orphans)}"
        world.emulator("up")
    try:
        client.wait(CLIENT_LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(client.pid, signal.SIGKILL)
        client.wait()
        pytest.fail(f"{kill}: the command still ran after {CLIENT_LIMIT_S} s: {log.read_text()[-3000:]}")
    return victims


def _finder(home: Path, victim: str, client: int) -> Callable[[], killing.Processes]:
    def command() -> killing.Processes:
        try:
            return killing.family(psutil.Process(client))
        except psutil.NoSuchProcess:
            return []

    return {
        "daemon": lambda: killing.daemon(home),
        "command": command,
        "pulumi": lambda: [one for one in command() if one.name() == "pulumi"][:1],
        "job": lambda: killing.workloads(home, "jobs"),
        "scoring": lambda: killing.workloads(home, "containers"),
        "everything": lambda: killing.world(home),
    }[victim]


def mend(world: World, phase: Phase) -> list[str]:
    """What a person does next: ``emulator up``, ``pulumi cancel`` where a lock is left, the command again.

    An ``up`` that was killed leaves what Azure has made and the state does not know: ``mlops recover``.
    """
    world.emulator("up")
    locks = world.home / "pulumi" / "state" / ".pulumi" / "locks"
    for lock in sorted(locks.rglob("*.json")):
        stack = "/".join(lock.relative_to(locks).parts[:3])
        world.run("pulumi", "cancel", "--yes", "--non-interactive", "--stack", stack)
    if phase.name == "up":
        world.run("mlops", "recover", "--env", "stage", "--yes")
    return again(world, phase)


def again(world: World, phase: Phase) -> list[str]:
    done = world.run(*phase.argv, check=False)
    said = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return [f"{' '.join(phase.argv)} exited with {done.returncode}:\n{said}"] if done.returncode else []


def closed(world: World, end: endstate.EndState) -> list[str]:
    """End the emulator; what differs from ``end``, what is broken, what still runs."""
    world.emulator("down")
    orphans = killing.left(lambda: killing.world(world.home))
    killing.kill(orphans)
    return [
        *end.differences(endstate.read(world.home)),
        *endstate.faults(world.home),
        *(f"an orphan: {one}" for one in killing.named(orphans)),
    ]
