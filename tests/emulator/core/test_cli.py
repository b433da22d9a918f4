"""The command line's own manners."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import sys
from emulator import cli
cli._status = lambda home, options: print("line\\n" * {lines}) or 0
sys.exit(cli.main(["status"]))
"""


def test_a_reader_that_leaves_is_no_traceback() -> None:
    for lines in (1, 100_000):  # one that is written at the end, and one that meets the closed pipe before
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(lines=lines)],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (141, "")
