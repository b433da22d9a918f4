"""CPU seconds (user and system) of a `pulumi preview`, by what used them: engine, program, provider.

The processes of the preview are watched while it runs: the tree ten times a second, the CPU of each process
a hundred times. What a process uses after it was last seen is missed: at most one hundredth of a second each.
"""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.emulator.figures import Figure
from benchmarks.emulator.world import EMULATOR, REPOSITORY, BenchmarkError, World
from infra.environments import environments

GOAL_S: Final = 0.5
STACKS: Final = environments()
ROUNDS: Final = 2
TREE_EVERY_S: Final = 0.1
CPU_EVERY_S: Final = 0.01
PROVIDER, PROGRAM, ENGINE = "provider", "program", "engine"


@dataclass(frozen=True, slots=True)
class Seen:
    """A process at one moment. part: "" for what belongs to its parent's; cpu: seconds since its start."""

    key: tuple[int, float]  # pid and time of its start: pids come again
    parent: int
    part: str
    cpu: float


def part_of(command: Sequence[str]) -> str:
    """Which part of the preview a command line is."""
    program = command[0].rsplit("/", 1)[-1] if command else ""
    if "emulator.provider" in command:
        return PROVIDER
    if program == "pulumi":
        return ENGINE
    if program.startswith("pulumi-language-"):
        return PROGRAM
    return ""


def account(seen: Iterable[Seen]) -> dict[str, float]:
    """CPU seconds of each part: of each process the most that was seen, children with their parents' part."""
    most: dict[tuple[int, float], Seen] = {}
    for one in seen:
        held = most.get(one.key)
        if held is None or one.cpu >= held.cpu:
            # a process may change its command line (exec), never back
            most[one.key] = Seen(one.key, one.parent, one.part or (held.part if held else ""), one.cpu)
    by_pid = {one.key[0]: one for one in most.values()}
    found: defaultdict[str, float] = defaultdict(float)
    for one in most.values():
        owner: Seen | None = one
        passed: set[int] = set()
        while owner is not None and not owner.part and owner.key[0] not in passed:
            passed.add(owner.key[0])
            owner = by_pid.get(owner.parent)
        found[owner.part if owner and owner.part else ENGINE] += one.cpu
    return dict(found)


def preview(world: World, stack: str, project: Path = REPOSITORY) -> dict[str, float]:
    """Run it in the folder of a Pulumi project; CPU seconds by part."""
    arguments = ("preview", "-s", stack, "--non-interactive", "--color", "never")
    client = subprocess.Popen(
        [*EMULATOR, "run", "--", "pulumi", *arguments], cwd=project, env=world.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    root = psutil.Process(client.pid)
    family, seen, next_look = [root], list[Seen](), 0.0
    while client.poll() is None:
        if time.monotonic() >= next_look:
            family = _family(root)
            next_look = time.monotonic() + TREE_EVERY_S
        seen += [one for process in family if (one := _see(process)) is not None]
        time.sleep(CPU_EVERY_S)
    said = client.stdout.read() if client.stdout else ""
    if client.returncode:
        raise BenchmarkError(f"pulumi preview -s {stack} exited with {client.returncode}:\n{said[-3000:]}")
    return account(seen)


def figures(world: World, step: Callable[[], None]) -> list[Figure]:
    """Once to fill the caches, then both stacks in turn; of each the run that was disturbed least."""
    cold = preview(world, STACKS[0]).get(PROVIDER, 0.0)
    step()
    runs: dict[str, list[dict[str, float]]] = {stack: [] for stack in STACKS}
    for _ in range(ROUNDS):
        for stack in STACKS:
            runs[stack].append(preview(world, stack))
            step()
    found: list[Figure] = []
    for stack in STACKS:
        used = least(runs[stack])
        title = f"CPU of the provider in a preview of {stack}"
        peer = "the program's own", used.get(PROGRAM)
        found.append(Figure(f"preview_{stack}", title, used[PROVIDER], "s", GOAL_S, *peer))
    return [*found, Figure("preview_first", f"the same of {STACKS[0]}, with empty caches", cold, "s")]


def least(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The run in which the provider used least. BenchmarkError when none was seen."""
    seen = [run for run in runs if run.get(PROVIDER)]
    if not seen:
        raise BenchmarkError("no provider was seen in any preview")
    return min(seen, key=lambda run: run[PROVIDER])


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _see(process: psutil.Process) -> Seen | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            key = process.pid, process.create_time()
            return Seen(key, process.ppid(), part_of(process.cmdline()), times.user + times.system)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return None
