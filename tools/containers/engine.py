"""Podman with a storage of its own, so that what is made here never stands beside a person's images."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.bootstrap.cache import cache_dir, say, stop

PACKAGES = ("podman", "buildah", "runc", "netavark", "aardvark-dns", "iptables", "catatonit", "debootstrap")
SYSTEM_BIN = "/usr/sbin:/sbin"  # where runtimes and debootstrap lie, not on everybody's PATH
MOST_FILES, MOST_PROCESSES = 8192, 8192


class EngineError(RuntimeError):
    """A command of the engine failed; the message holds the end of its words."""


@dataclass(frozen=True, slots=True)
class Engine:
    """``home``: images and layers, kept; ``run``: what lasts as long as the containers that run."""

    program: str
    home: Path
    run: Path
    environment: Mapping[str, str]

    def __call__(self, *arguments: str, timeout: float = 120.0, check: bool = True) -> str:
        """Run one command; its standard output. EngineError when it fails (unless ``check`` is off)."""
        done = self.start(*arguments, timeout=timeout)
        if check and done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip())[-3000:]
            raise EngineError(f"podman {' '.join(arguments)} ended with {done.returncode}:\n{words}")
        return done.stdout.strip()

    def start(self, *arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, whatever that is. Paths among the arguments must be absolute."""
        line = [self.program, "--root", str(self.home), "--runroot", str(self.run), *arguments]
        return subprocess.run(
            line,
            cwd=self.run,  # a container that is killed for its memory leaves a file there
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def exists(self, image: str) -> bool:
        return self.start("image", "exists", image).returncode == 0


def find() -> Engine:
    """The engine of this machine. EngineError when there is none."""
    path = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_BIN}"
    program = shutil.which("podman", path=path)
    if program is None:
        raise EngineError("podman is not installed; `make test-containers` says what to install")
    home = cache_dir() / "containers"
    run = Path(tempfile.gettempdir()) / f"mlops-estate-containers-{os.getuid()}"
    for folder in (home, run):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if run.stat().st_uid != os.getuid():
        raise EngineError(f"{run} belongs to somebody else: remove it, or set TMPDIR to a folder of your own")
    settings = home / "containers.conf"
    aside = settings.with_suffix(f".{os.getpid()}")
    aside.write_text(_settings(path))
    aside.replace(settings)
    environment = {**os.environ, "PATH": path, "CONTAINERS_CONF": str(settings)}
    return Engine(program, home / "storage", run, environment)


def _settings(path: str) -> str:
    """Podman's settings for where systemd, unified control groups or high limits are not to be had."""
    files = _at_most(resource.RLIMIT_NOFILE, MOST_FILES)
    processes = _at_most(resource.RLIMIT_NPROC, MOST_PROCESSES)
    lines = ["[containers]", f'default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]']
    lines += ["[engine]", 'events_logger = "file"']
    if os.getuid() == 0 and not Path("/run/systemd/system").is_dir():
        lines.append('cgroup_manager = "cgroupfs"')
    if not Path("/sys/fs/cgroup/cgroup.controllers").is_file() and shutil.which("runc", path=path):
        lines.append('runtime = "runc"')  # crun refuses control groups of the first version beside the second
    if any(Path(folder, "netavark").is_file() for folder in ("/usr/lib/podman", "/usr/libexec/podman")):
        lines += ["[network]", 'network_backend = "netavark"']
    return "\n".join(lines) + "\n"


def _at_most(limit: int, wanted: int) -> int:
    hard = resource.getrlimit(limit)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)


def install() -> None:
    """Install podman where that can be done without asking; else say what a person has to install."""
    path = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_BIN}"
    if shutil.which("podman", path=path):
        return
    apt = shutil.which("apt-get")
    if not sys.platform.startswith("linux") or apt is None or os.getuid() != 0:
        raise stop(
            "podman is not installed.",
            f"Run `apt-get install --no-install-recommends {' '.join(PACKAGES)}` (Debian, Ubuntu), or see"
            " https://podman.io/docs/installation.",
        )
    say(f"installing {', '.join(PACKAGES)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update", "-q"), ("install", "-y", "-q", "--no-install-recommends", *PACKAGES)):
        done = subprocess.run([apt, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise stop(
                f"apt-get {arguments[0]} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}",
                "Correct what it names, or install podman by hand.",
            )
