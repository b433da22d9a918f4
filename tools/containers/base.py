"""The base image that a Dockerfile names: the official one where it can be pulled, else one made here.

The one made here is of the same Debian, with Debian's Python in a virtual environment at /usr/local, so that
``python`` and ``pip`` lie where the official image has them. It stands under the official name in a storage
that nothing else uses.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.bootstrap.cache import cache_dir, say, stop
from tools.containers.engine import SYSTEM_BIN, Engine

SUITES = {"bookworm": "3.11"}  # Debian's release -> its Python
# The official image has Python's headers too.
INCLUDE = ("ca-certificates", "libpython3-dev", "netbase", "python3", "python3-venv", "tzdata")
# Needed to make the environment at /usr/local, and by nothing after that.
PURGE = ("python3-venv", "python3.11-venv", "python3-pip-whl", "python3-setuptools-whl")
EMPTY = (
    "var/cache",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
)
CHANGES = (
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
)
VERSION = "1"  # count up when what `_make` does with them changes
LABEL = "estate.recipe"
PULL_S, MAKE_S = 180.0, 1800.0


def recipe() -> str:
    """What decides the content of an image that is made here."""
    parts = [VERSION, *SUITES, *INCLUDE, *PURGE, *EMPTY, *CHANGES]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def name_in(dockerfile: Path) -> str:
    """The default of ARG BASE_IMAGE."""
    match = re.search(r"^ARG BASE_IMAGE=(\S+)$", dockerfile.read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise stop(f"{dockerfile} has no ARG BASE_IMAGE with a default.", "Restore it from the repository.")
    return match[1]


def ensure(engine: Engine, name: str) -> str:
    """The image of that name, pulled or made once; says which: ``official`` or ``made here``."""
    if engine.exists(name):
        label = engine("image", "inspect", name, "--format", f'{{{{index .Labels "{LABEL}"}}}}')
        if label in ("", recipe()):
            return "made here" if label else "official"
    say(f"pulling {name}")
    try:
        if engine.start("pull", "--quiet", name, timeout=PULL_S).returncode == 0:
            return "official"
    except subprocess.TimeoutExpired:
        say(f"no answer within {PULL_S:g} s")
    say("it cannot be pulled from here: making one with debootstrap")
    _make(engine, name)
    return "made here"


def _make(engine: Engine, name: str) -> None:
    suite = name.rpartition("-")[2]
    path = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_BIN}"
    debootstrap = shutil.which("debootstrap", path=path)
    if suite not in SUITES or f":{SUITES[suite]}-" not in name:
        known = ", ".join(f"python:{python}-slim-{debian}" for debian, python in SUITES.items())
        raise stop(
            f"{name} cannot be pulled, and no recipe makes it.", f"Use {known}, or a registry with the image."
        )
    if debootstrap is None or os.getuid() != 0:
        raise stop(
            f"{name} cannot be pulled, and making it takes root and debootstrap.",
            f"Load it by hand (`podman --root {engine.home} load`), or run the target as root.",
        )
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="base-", dir=cache_dir()) as scratch:
        root, archive = Path(scratch, "root"), Path(scratch, "root.tar")
        include = f"--include={','.join(INCLUDE)}"
        _run(path, debootstrap, "--variant=minbase", include, suite, str(root))
        inside = ("chroot", str(root))
        _run(path, *inside, "/usr/bin/python3", "-m", "venv", "/usr/local")
        _run(path, *inside, "dpkg", "--purge", *PURGE)
        for folder in EMPTY:
            for item in (root / folder).iterdir():
                shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()
        for script in (root / "usr/local/bin").glob("[aA]ctivate*"):
            script.unlink()
        _run(path, "tar", "--numeric-owner", "-C", str(root), "-cf", str(archive), ".")
        changes = [f"--change={change}" for change in (*CHANGES, f"LABEL {LABEL}={recipe()}")]
        engine("import", "--quiet", *changes, str(archive), name, timeout=MAKE_S)


def _run(path: str, *arguments: str) -> None:
    environment = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=MAKE_S, check=False
    )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip()[-2000:]
        raise stop(
            f"the base image could not be made: {' '.join(arguments)} ended with {done.returncode}:\n{words}",
            "Check that a Debian mirror is reachable.",
        )
