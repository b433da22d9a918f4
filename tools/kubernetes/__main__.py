"""``python -m tools.kubernetes [--control-plane] -- COMMAND...``: a command with KUBECONFIG set.

With KUBECONFIG given it is that cluster; else a node of its own in a private namespace, which ends with the
command.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.bootstrap.cache import say, stop
from tools.containers import engine
from tools.kubernetes import build, images, packages

ROOT = Path(__file__).resolve().parents[2]
CONTROLLERS = Path("/sys/fs/cgroup")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--control-plane", action="store_true", help="the API alone: nothing runs pods")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        parser.error("give a command")
    if os.environ.get("KUBECONFIG"):
        return subprocess.run(command).returncode
    if not sys.platform.startswith("linux") or os.getuid() != 0:
        raise stop(
            "a node of Kubernetes can be started by root on Linux alone.",
            "Set KUBECONFIG to a cluster to test on (`kind create cluster`, `k3d cluster create`).",
        )
    programs = packages.CONTROL_PLANE if given.control_plane else packages.PROGRAMS
    packages.install(programs)
    names = build.CONTROL_PLANE if given.control_plane else (*build.CONTROL_PLANE, *build.NODE, build.PAUSE)
    build.programs(*names)
    if not given.control_plane:
        engine.install()
        images.ensure_pause(engine.find())
    what = "control-plane" if given.control_plane else "node"
    with tempfile.TemporaryDirectory(prefix="mlops-kubernetes-", ignore_cleanup_errors=True) as folder:
        return _run(Path(folder), what, command)


def _run(folder: Path, what: str, command: list[str]) -> int:
    cgroup = folder.name
    groups = [place / cgroup for place in _controllers()]
    for group in groups:
        group.mkdir()
    unshare = shutil.which("unshare", path=packages.PATH) or "unshare"
    line = [unshare, "--mount", "--net", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]
    line += [sys.executable, "-m", "tools.kubernetes.inside", str(folder), cgroup, what, *command]
    try:
        return subprocess.run(line, cwd=ROOT).returncode
    finally:
        for group in groups:
            _remove(group)


def _controllers() -> list[Path]:
    """Where groups are made: in the one hierarchy of version 2, or in each of version 1."""
    if (CONTROLLERS / "cgroup.controllers").is_file():
        return [CONTROLLERS]
    return [
        place
        for place in CONTROLLERS.iterdir()
        if (place / "cgroup.procs").is_file() and not place.is_symlink()
    ]


def _remove(group: Path) -> None:
    """Control groups that no process is in any more, from the leaves up."""
    for place, _, _ in os.walk(group, topdown=False):
        try:
            Path(place).rmdir()
        except OSError as error:
            say(f"{place} stays: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main())
