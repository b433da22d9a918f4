"""Up and down: one daemon for each home, found by the lock it holds, never by a stale pid."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator import environment, room
from emulator.home import REPOSITORY, Home, write_aside
from emulator.state import StateError, damaged

if TYPE_CHECKING:
    import psutil

DAMAGED: Final = 4  # exit code of the daemon
LOCK_WITHIN_S: Final = 5.0
READY_WITHIN_S: Final = 30.0
DOWN_WITHIN_S: Final = 20.0
TAIL_BYTES: Final = 4000


class LifecycleError(Exception):
    """What went wrong, and what to do."""


@dataclass(slots=True)
class Lock:
    """The lock that a daemon holds as long as it lives; the kernel lets it go, whatever ends the process."""

    home: Home
    _descriptor: int = field(default=-1, repr=False)

    def take(self, *, shared: bool = False) -> bool:
        """Take it (``shared``: only to see whether a daemon holds it); False when that cannot be."""
        self.home.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(self.home.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            return False
        return True

    def release(self) -> None:
        """Let it go."""
        os.close(self._descriptor)


def running(home: Home) -> int | None:
    """The pid of the daemon of this home; None when none runs. A stale pid file is removed."""
    lock = Lock(home)
    deadline = time.monotonic() + LOCK_WITHIN_S
    while time.monotonic() < deadline:
        if lock.take(shared=True):
            home.pid.unlink(missing_ok=True)
            lock.release()
            return None
        # a daemon writes its pid right after it took the lock, and removes it right before it ends
        said = ""
        with suppress(FileNotFoundError):
            said = home.pid.read_text(errors="replace").strip()
        if said:
            return int(said) if said.isdecimal() else _pid_from_daemon(home)
        time.sleep(0.02)
    raise LifecycleError(f"a process holds {home.run / 'lock'} but does not say its pid in {home.pid}")


def _pid_from_daemon(home: Home) -> int:
    """What the pid file should say, asked of the daemon; the file is mended."""
    try:
        pid = int(ask(home, "GET", "/status")["pid"])
    except LifecycleError as error:
        raise damaged(
            home.pid,
            "it is no process id",
            f"A process holds {home.run / 'lock'} and does not answer: end it, then remove the file.",
        ) from error
    write_aside(home.pid, f"{pid}\n".encode())
    return pid


def up(home: Home) -> tuple[int, bool]:
    """Start the daemon and wait until it answers. Its pid, and False when it ran already."""
    home.prepare()
    pid = running(home)
    if pid is not None:
        _wait_for_answer(home, pid)
        return pid, False
    require_room(home)
    read, write = os.pipe()
    logged = home.log.stat().st_size if home.log.exists() else 0
    clean = environment.outside()
    # the tools of the virtual environment, uv for the image builds among them, whoever starts the daemon
    clean["PATH"] = os.pathsep.join([clean.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    for key in environment.FOREIGN:
        clean.pop(key, None)
    try:
        with home.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "emulator", "serve", "--ready", str(write)],
                cwd=REPOSITORY,
                env={**clean, "EMULATOR_HOME": str(home.root)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[write],
                start_new_session=True,
            )
    finally:
        os.close(write)
    with os.fdopen(read) as pipe:
        os.set_blocking(pipe.fileno(), False)
        deadline = time.monotonic() + READY_WITHIN_S
        while not _said_ready(pipe.fileno()):
            if process.poll() is not None:
                other = running(home)
                if other is not None:  # another `up` was faster
                    _wait_for_answer(home, other)
                    return other, False
                if process.returncode == DAMAGED:
                    said = home.log.read_bytes()[logged:].decode(errors="replace").strip()
                    raise StateError(said.removeprefix("emulator: "))
                raise LifecycleError(
                    f"the emulator ended with exit code {process.returncode}. The end of {home.log}:\n"
                    f"{tail(home)}"
                )
            if time.monotonic() > deadline:
                process.terminate()
                raise LifecycleError(
                    f"the emulator did not answer within {READY_WITHIN_S:.0f} s. The end of {home.log}:\n"
                    f"{tail(home)}"
                )
            time.sleep(0.01)
    return process.pid, True


def require_room(home: Home) -> None:
    """LifecycleError, before anything begins, when the disk that holds the home is nearly full."""
    if short := room.shortage(home.root, room.TO_BEGIN):
        raise LifecycleError(short)


def down(home: Home) -> list[str]:
    """End the daemon and its children; the names of what had to be killed. LifecycleError if any remains."""
    import psutil  # here: each `emulator run` imports this module, and would wait for it

    pid = running(home)
    if pid is None:
        return []
    try:
        daemon = psutil.Process(pid)
        family = [daemon, *daemon.children(recursive=True)]
        daemon.send_signal(signal.SIGTERM)
    except psutil.NoSuchProcess:
        family = []
    alive = _wait(family, DOWN_WITHIN_S)
    killed: list[str] = []
    for process in alive:
        try:
            killed.append(f"{process.name()} ({process.pid})")
            process.kill()
        except psutil.NoSuchProcess:
            continue
    left = _wait(alive, 5.0)
    if left or running(home) is not None:
        names = ", ".join(str(process.pid) for process in left) or str(pid)
        raise LifecycleError(f"still running after SIGKILL: {names}")
    return killed


def serve(home: Home, ready_descriptor: int | None) -> int:
    """Be the daemon; the exit code."""
    os.umask(0o077)
    lock = Lock(home.prepare())
    deadline = time.monotonic() + 1.0
    while not lock.take():
        # someone may only be looking
        if time.monotonic() < deadline:
            time.sleep(0.01)
            continue
        print(f"another emulator runs in {home.root}", file=sys.stderr)
        return 3
    # At once: whoever finds the lock held waits for it, and the imports below take seconds when many start.
    write_aside(home.pid, f"{os.getpid()}\n".encode())
    from emulator import server

    server.configure_logging()
    home.sweep()

    def ready() -> None:
        if ready_descriptor is not None:
            os.write(ready_descriptor, b"ready\n")
            os.close(ready_descriptor)

    try:
        server.serve(home, ready)
    except StateError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return DAMAGED
    finally:
        home.pid.unlink(missing_ok=True)
    return 0


def ask(home: Home, method: str, path: str) -> Any:
    """Ask the running daemon; LifecycleError when it gives no good answer."""
    import http.client  # with ssl and email: most commands ask nothing

    port = home.read_ports().get("plain", 0)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        token = home.secret(home.control_token)
        connection.request(method, path, headers={"x-emulator-token": token})
        response = connection.getresponse()
        body = response.read()
    except OSError as error:
        raise LifecycleError(f"the emulator does not answer on port {port}: {error}") from error
    finally:
        connection.close()
    if response.status >= 400:
        raise LifecycleError(f"{method} {path}: {response.status} {body.decode(errors='replace')}")
    return json.loads(body) if body else None


def tail(home: Home) -> str:
    """The end of the daemon's log."""
    if not home.log.exists():
        return "(empty)"
    return home.log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")


def _wait(processes: list[psutil.Process], within_s: float) -> list[psutil.Process]:
    """Wait for processes that are not our children; those that still run. A zombie has ended."""
    deadline = time.monotonic() + within_s
    while alive := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return alive


def _runs(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _said_ready(descriptor: int) -> bool:
    try:
        return os.read(descriptor, 16).startswith(b"ready")
    except BlockingIOError:
        return False


def _wait_for_answer(home: Home, pid: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            ask(home, "GET", "/status")
        except LifecycleError:
            if time.monotonic() > deadline or running(home) is None:
                raise
            time.sleep(0.05)
        else:
            return
