"""`pulumi up` on a full disk: it says why, spoils nothing, and goes on when there is room."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import room
from tests.emulator.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SIZE = "48m"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An emulator whose whole home is a small disk of its own."""
    home = tmp_path / "home"
    mount(home)
    engine = Engine(tmp_path, Path(__file__).parent)
    try:
        engine.emulator("up")
        yield engine
        engine.emulator("down")
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def mount(folder: Path) -> None:
    """An empty disk at a new folder; where none can be mounted the test is skipped."""
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` to make a small disk with")
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")


def fill(home: Path, leave: int) -> Path:
    """A file that takes all room but so many bytes."""
    ballast = home / "ballast"
    with ballast.open("wb", buffering=0) as out:
        try:
            while shutil.disk_usage(home).free > leave:
                out.write(bytes(1 << 12))
        except OSError as error:
            assert (error.errno, leave) == (errno.ENOSPC, 0)
    return ballast


def test_on_a_full_disk_nothing_begins_and_in_the_middle_the_reason_reaches_the_user(engine: Engine) -> None:
    home = engine.folder / "home"
    engine.pulumi("pages", "config", "set", "azure-native:location", "westeurope")
    for leave in (0, room.TO_BEGIN - room.MIB):
        ballast = fill(home, leave)
        said = engine.pulumi("pages", "up", "--yes", "--skip-preview", check=False)
        assert f"the disk that holds {home} is full. Make room there" in said and "Traceback" not in said
        ballast.unlink()

    # Pulumi without `run`, so that it begins although there is little room
    variables = json.loads(engine.emulator("env", "--json"))
    ballast = fill(home, room.TO_CHANGE - room.MIB)
    up = ("pulumi", "-C", str(engine.folder / "pages"), "up", "--yes", "--skip-preview", "--color", "never")
    said = engine.command(*up, "--non-interactive", check=False, **variables)
    assert f"the disk that holds {home} is full. Make room there" in said, said
    states = list((home / "pulumi" / "state").rglob("stacks/**/*.json"))
    assert states and all(json.loads(state.read_bytes())["checkpoint"] for state in states)
    log = (home / "logs" / "server.log").read_text()
    assert "Traceback" not in log and "exception" not in log.lower(), log[-4000:]
    ballast.unlink()
    assert "created" in engine.up(program="pages")
