"""PostgreSQL's programs: found on this machine, or installed where that can be done without asking."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.bootstrap.cache import say, stop

PACKAGE: Final = "postgresql"
DEBIAN: Final = Path("/usr/lib/postgresql")  # a folder for each version
# Debian makes a database cluster of its own at installation, which nobody here needs.
SETTINGS: Final = Path("/etc/postgresql-common/createcluster.conf")


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, of the newest version; None when there is none."""
    versions = [path for path in DEBIAN.glob("*/bin") if (path / "initdb").is_file()]
    if versions:
        return max(versions, key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


def install() -> None:
    if programs() is not None:
        return
    apt = shutil.which("apt-get")
    if not sys.platform.startswith("linux") or apt is None or os.getuid() != 0:
        raise stop(
            "PostgreSQL is not installed.",
            f"Run `apt-get install --no-install-recommends {PACKAGE}` (Debian, Ubuntu), or see"
            " https://www.postgresql.org/download/.",
        )
    if not SETTINGS.exists():
        SETTINGS.parent.mkdir(parents=True, exist_ok=True)
        SETTINGS.write_text("create_main_cluster = false\n")
    say(f"installing {PACKAGE}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update", "-q"), ("install", "-y", "-q", "--no-install-recommends", PACKAGE)):
        done = subprocess.run([apt, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise stop(
                f"apt-get {arguments[0]} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}",
                "Correct what it names, or install PostgreSQL by hand.",
            )
