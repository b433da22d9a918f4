"""LightGBM in an image whose system has no OpenMP."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "environments" / "training" / "openmp.py"
LOADED = """
import lightgbm
print(*[line.split()[-1] for line in open("/proc/self/maps") if "libgomp.so" in line])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="wheels for macOS bring their library otherwise")
def test_lightgbm_takes_the_library_that_scikit_learn_brings(tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    subprocess.run([sys.executable, SCRIPT, folder], check=True)
    found = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(found.stdout.split()) == {str(folder / "libgomp.so.1")}


@pytest.mark.skipif(sys.platform != "linux", reason="wheels for macOS bring their library otherwise")
def test_where_scikit_learn_brings_no_library_it_says_so(tmp_path: Path) -> None:
    """The image is not made then: LightGBM would fail first in a training."""
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").touch()
    command = [sys.executable, "-S", SCRIPT, tmp_path / "lib"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{tmp_path}/scikit_learn.libs has no libgomp" in done.stderr


def test_without_scikit_learn_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-S", SCRIPT, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "scikit-learn is not installed" in done.stderr
