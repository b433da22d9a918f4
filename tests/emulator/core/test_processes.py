"""Child processes end with the emulator, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from emulator.home import REPOSITORY
from emulator.processes import Handle, Processes
from tests.e2e.killing import words

FAMILY = "sleep 60 & echo $! > child; sleep 60"


def gone(pid: int, within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def written(path: Path) -> int:
    deadline = time.monotonic() + 5
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(path.read_text())


@pytest.fixture
def processes() -> Processes:
    return Processes()


def test_output_exit_code_and_callback(processes: Processes, tmp_path: Path) -> None:
    codes: list[int] = []
    log = tmp_path / "log"
    handle = processes.start(
        "it",
        ["sh", "-c", "echo out; echo err >&2; exit 3"],
        cwd=tmp_path,
        env={},
        log=log,
        on_exit=codes.append,
    )
    assert handle.wait(10) == 3
    assert handle.poll() == 3
    assert codes == [3]
    assert log.read_text() == "out\nerr\n"
    assert processes.running() == []


def test_terminate_ends_the_whole_group(processes: Processes, tmp_path: Path) -> None:
    handle = processes.start(
        "it", ["sh", "-c", FAMILY], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, log=tmp_path / "log"
    )
    child = written(tmp_path / "child")
    assert [one.pid for one in processes.running()] == [handle.pid]
    assert handle.terminate(2) == -15
    assert gone(child)


def test_what_ignores_sigterm_is_killed(processes: Processes, tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); open('child','w').write('1'); time.sleep(9)"
    )
    handle = processes.start("it", [sys.executable, "-c", code], cwd=tmp_path, env={}, log=tmp_path / "log")
    written(tmp_path / "child")
    assert handle.terminate(0.2) == -9


def test_what_cannot_be_started_is_an_error(processes: Processes, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        processes.start("it", ["/no/such/program"], cwd=tmp_path, env={}, log=tmp_path / "log")
    assert processes.running() == []


def test_stop_ends_all_and_starts_no_more(processes: Processes, tmp_path: Path) -> None:
    handles = [
        processes.start(
            str(number), ["sleep", "60"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, log=tmp_path / "log"
        )
        for number in range(3)
    ]
    processes.stop(2)
    assert all(gone(handle.pid) for handle in handles)
    with pytest.raises(RuntimeError, match="going down"):
        processes.start("it", ["true"], cwd=tmp_path, env={}, log=tmp_path / "log")


KILLED = """
import os, sys, time
from pathlib import Path
from emulator.processes import Handle, Processes
processes = Processes()
folder = Path(sys.argv[1])
environment = {"PATH": os.environ["PATH"]}
processes.start("it", ["sh", "-c", sys.argv[2]], cwd=folder, env=environment, log=folder / "log")
print("started", flush=True)
time.sleep(60)
"""


def test_a_killed_emulator_takes_its_grandchildren_along(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), FAMILY]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    child = written(tmp_path / "child")
    process.kill()
    process.wait()
    assert gone(child)


def test_a_killed_reaper_is_replaced_and_nothing_hangs(processes: Processes, tmp_path: Path) -> None:
    def start(name: str) -> Handle:
        return processes.start(name, ["sleep", "60"], cwd=tmp_path, env={}, log=tmp_path / "log")

    first = start("first")
    reaper = next(one for one in psutil.Process().children() if "killpg" in " ".join(words(one)))
    reaper.kill()
    reaper.wait(5)
    assert first.terminate(2) == -15
    second = start("second")
    third = start("third")
    assert {one.name for one in processes.running()} == {"second", "third"}
    processes.stop()
    assert gone(second.pid) and gone(third.pid)


KILLED_WHILE_IT_STARTS = """
import os, signal, sys
from pathlib import Path
from emulator.processes import Processes

class Unlucky(Processes):
    def _tell_reaper(self, line):
        Path(sys.argv[1], "started").write_text(line[1:])
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
Unlucky().start("it", ["sh", "-c", "sleep 60 & sleep 60"], cwd=folder, env={}, log=folder / "log")
"""


def test_what_was_not_yet_listed_ends_too(tmp_path: Path) -> None:
    """SIGKILL between the start of a process and the word to the reaper (found by /proc, so on Linux)."""
    command = [sys.executable, "-c", KILLED_WHILE_IT_STARTS, str(tmp_path)]
    assert subprocess.run(command, cwd=REPOSITORY, check=False).returncode == -9
    assert gone(int((tmp_path / "started").read_text()))
