"""Checks .github/workflows with actionlint: built once from pinned source with Go, kept in the user's cache.

Without Go there is nothing to build it with: that is said, and is no failure; the gate on GitHub has Go. Only
the standard library is used.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from cache import cache_dir, say, stop
from gobuild import build

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "tools" / "actionlint"
PROGRAM = "github.com/rhysd/actionlint/cmd/actionlint"


def version() -> str:
    """As go.mod has it."""
    line = next(line for line in (MODULE / "go.mod").read_text().splitlines() if "rhysd/actionlint" in line)
    return line.split()[-1]


def provide() -> Path | None:
    """The program, built when need be; None where there is no Go."""
    machine = f"{platform.system()}-{platform.machine()}".lower()
    place = cache_dir() / f"actionlint-{version()}-{machine}"
    if place.exists():
        return place
    go = shutil.which("go")
    if go is None:
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    say(f"building actionlint {version()} with Go, once for this machine")
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    command = [go, "build", "-ldflags", "-s -w", "-o", str(aside), PROGRAM]
    if build(command, MODULE, environment):
        raise stop(
            f"building actionlint {version()} failed.", "Go 1.25 or newer and a Go module proxy are needed."
        )
    aside.replace(place)
    return place


def main() -> int:
    """actionlint's exit code."""
    program = provide()
    if program is None:
        say("actionlint: there is no Go to build it with: .github/workflows is not checked here")
        return 0
    # Without shellcheck and pyflakes: whether they are there differs from machine to machine.
    command = [str(program), "-shellcheck=", "-pyflakes=", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
