"""The command line's own manners."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_command_in_the_emulators_world_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    """Each takes this long longer: a tenth of a second of computing, before the command itself begins."""
    program = (
        "import sys\nfrom emulator import cli\n"
        "assert cli.main(['run', '--', 'true']) == cli.NOT_RUNNING\n"
        "heavy = {'psutil', 'cryptography', 'uvicorn', 'emulator.identity.directory'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    home = {**os.environ, "EMULATOR_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=home
    )
    assert (done.returncode, done.stderr.count("no emulator runs")) == (0, 1), done.stderr
