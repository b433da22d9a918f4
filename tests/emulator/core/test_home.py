"""What killed processes left beside the files that they were writing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from emulator import environment
from emulator.home import Home, write_aside


def ended() -> int:
    """The pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def modes(root: Path) -> dict[str, str]:
    """The rights on a folder and on the folders below it."""
    return {str(path): oct(path.stat().st_mode & 0o777) for path in (root, *root.rglob("*")) if path.is_dir()}


def test_a_home_is_its_owners_alone_however_it_was_made(tmp_path: Path) -> None:
    made = Home(tmp_path / "above" / "home").prepare()
    assert set(modes(tmp_path / "above").values()) == {"0o700"}
    assert (made.root / "run").is_dir()
    for path in (made.root, made.logs, made.blobs):
        path.chmod(0o755)
    made.prepare()
    assert set(modes(made.root).values()) == {"0o700"}
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o755)
    assert set(modes(Home(empty).prepare().root).values()) == {"0o700"}


def test_a_folder_that_holds_something_else_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "mine").touch()
    home = Home(tmp_path).prepare()
    assert modes(tmp_path)[str(tmp_path)] == "0o755"
    assert modes(home.blobs)[str(home.blobs)] == "0o700"


def test_a_sweep_removes_what_ended_processes_left(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    left = [
        home.root / f".emulator.key.{ended()}.0123abcd",
        home.pulumi_config / f".Pulumi.stage.yaml.{ended()}.0123abcd",
        home.run / f".pid.{ended()}.0123abcd",
    ]
    for path in left:
        path.touch()
    home.sweep()
    assert [path for path in left if path.exists()] == []


def test_a_sweep_leaves_what_is_being_written_and_what_is_written(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    writing = home.run / f".ports.json.{os.getpid()}.0123abcd"
    writing.touch()
    write_aside(home.ports, b"{}")
    hidden = home.root / ".netrc"
    hidden.touch()
    home.sweep()
    assert writing.exists() and home.ports.exists() and hidden.exists()


def test_pulumi_writes_no_file_that_a_kill_can_cut_off(home: Home) -> None:
    """A file of metadata that is empty makes a stack unreadable: none is written, those of before go."""
    home.ports.write_text('{"proxy": 1}')
    assert environment.client(home)["PULUMI_BACKEND_URL"] == f"file://{home.pulumi_state}?metadata=skip"
    stack = home.pulumi_state / ".pulumi" / "stacks" / "estate" / "stage.json"
    stack.parent.mkdir(parents=True)
    for path in (stack, stack.with_name("stage.json.attrs")):
        path.touch()
    home.sweep()
    assert [path.name for path in stack.parent.iterdir()] == ["stage.json"]
