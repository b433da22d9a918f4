"""Whatever write the power is cut before: the same requests then end in the same estate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.home import REPOSITORY


@pytest.mark.e2e
@pytest.mark.slow
def test_a_crash_before_any_write_is_made_good(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.emulator.core.crash", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout)
    assert found["job"] == "Completed"
    assert found["writes"] > 30
    assert found["problems"] == {}
