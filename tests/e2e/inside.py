"""An emulator in the process of the test: it can be told that time has passed, and who else answers.

Commands find it as they find a daemon: by its home, whose lock this process holds meanwhile.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from emulator.app import Emulator
from emulator.home import Home, write_aside
from emulator.lifecycle import Lock
from emulator.server import serve
from tests.e2e.world import World

READY_S: Final = 30.0
DOWN_S: Final = 60.0


class Inside(World):
    """A world whose emulator is at hand. It ends with the context, and not by `emulator down`."""

    def __init__(self, home: Path, emulator: Emulator) -> None:
        super().__init__(home)
        self.inner = emulator


@contextmanager
def running_inside(root: Path) -> Generator[Inside]:
    home = Home(root).prepare()
    lock, made = Lock(home), list[Emulator]()
    ready, stop = threading.Event(), threading.Event()
    assert lock.take(), f"another emulator runs in {root}"

    def build(of: Home) -> Emulator:
        made.append(Emulator(of))
        return made[0]

    thread = threading.Thread(target=serve, args=(home, ready.set, stop, build), daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        # As a daemon has it: jobs and builds find the tools beside this Python.
        patch.setenv("PATH", os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)]))
        home.sweep()
        write_aside(home.pid, f"{os.getpid()}\n".encode())
        try:
            thread.start()
            assert ready.wait(READY_S), "the emulator does not answer"
            yield Inside(root, made[0])
        finally:
            stop.set()
            thread.join(DOWN_S)
            home.pid.unlink(missing_ok=True)
            lock.release()
        assert not thread.is_alive(), "the emulator has not ended"
