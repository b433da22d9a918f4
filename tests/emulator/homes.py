"""The home of an emulator as its first start leaves it: made once in a process, then copied.

A key and the tables of three databases are half of what an emulator's start takes, most of it waiting for
the disk. First starts are the subject of core/test_state.py, core/test_home.py and core/test_lifecycle.py.
"""

from __future__ import annotations

import atexit
import gc
import shutil
import tempfile
from functools import cache
from pathlib import Path

from emulator.app import Emulator
from emulator.home import Home


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="emulator-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = Home(folder / "home").prepare()
    Emulator(home).close()
    gc.collect()  # closes what databases are still open, so that their side files are gone before a copy
    return home.root


def started_once(root: Path) -> Home:
    """A home at ``root``, a folder that is missing or empty but for a home's folders."""
    shutil.copytree(_made(), root, dirs_exist_ok=True)
    return Home(root)
