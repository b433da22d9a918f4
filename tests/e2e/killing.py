"""The processes of one emulator's world: found by what names its home, and killed as a power cut would."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import psutil

GONE_WITHIN_S: Final = 10.0
Processes = list[psutil.Process]


def runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def belongs(process: psutil.Process, home: str) -> bool:
    """Whether environment, working directory or command line name the home."""
    try:
        words = (process.cwd(), *process.cmdline(), *process.environ().values())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(home in word for word in words)


def world(home: Path) -> Processes:
    """The processes of the world and all that they started; the emulator's reaper is among those."""
    own = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    found = [
        process
        for process in psutil.process_iter()
        if process.pid not in own and runs(process) and belongs(process, str(home))
    ]
    return list({one.pid: one for process in found for one in (process, *family(process)[1:])}.values())


def words(process: psutil.Process) -> list[str]:
    """Its command line; none of one that has ended, whether somebody has waited for it or not."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def family(process: psutil.Process) -> Processes:
    """A process and all that descends from it."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def daemon(home: Path) -> Processes:
    """The emulator's daemon; empty when none runs."""
    pid = home / "run" / "pid"
    try:
        return [psutil.Process(int(pid.read_text()))]
    except (OSError, ValueError, psutil.NoSuchProcess):
        return []


def workloads(home: Path, folder: str) -> Processes:
    """The running jobs (``jobs``) or containers (``containers``): children of the daemon."""
    found: Processes = []
    for one in (child for process in daemon(home) for child in family(process)[1:]):
        try:
            if one.cwd().startswith(str(home / folder)):
                found.append(one)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def kill(processes: Iterable[psutil.Process]) -> Processes:
    """SIGSTOP to all, then SIGKILL: none sees another one's end. Returns what was killed."""
    victims = list(processes)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in victims:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
    return victims


def left(find: Callable[[], Processes], within_s: float = GONE_WITHIN_S) -> Processes:
    """What ``find`` still finds running when it has had time to end."""
    deadline = time.monotonic() + within_s
    while remaining := [process for process in find() if runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return remaining


def named(processes: Processes) -> list[str]:
    """Pid and command line of each, for messages."""
    return [f"{process.pid} {' '.join(line)[:120]}" for process in processes if (line := words(process))]
