"""python -m tools.check [FILE …]: style, types and the nearest tests of the files, or of what changed."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from tools.check.budget import LEFT_OUT
from tools.check.selection import GitError, Selection, changed_files, select

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NEAREST = 12  # test files: what is further away is for `make test`
TEST_SECONDS = 40


def commands(selection: Selection) -> dict[str, list[str]]:
    """What to run, by name. Nothing for a part that the change does not touch."""
    found: dict[str, list[str]] = {}
    if selection.python:
        found["style"] = [str(BIN / "ruff"), "check", "--quiet", *selection.python]
        found["format"] = [str(BIN / "ruff"), "format", "--check", "--quiet", *selection.python]
    dockerfiles = [path for path in selection.changed if Path(path).name == "Dockerfile"]
    if dockerfiles:
        found["Dockerfiles"] = [str(BIN / "hadolint"), *dockerfiles]
    if selection.typed:
        found["types"] = [str(BIN / "pyright"), *selection.typed]
    if selection.tests:
        chosen = "not slow and not e2e and not containers and not databases and not kubernetes and not spark"
        plugin = ["-p", "tools.check.budget", "-p", "tools.check.causes", "-p", "no:cacheprovider"]
        plugin += ["--tb=no", "-rN", "--continue-on-collection-errors"]
        near = selection.tests[:NEAREST]
        found["tests"] = [sys.executable, "-m", "pytest", "-q", *plugin, "-m", chosen, *near]
    return found


def run(selection: Selection, console: Console) -> dict[str, bool]:
    """Whether each command passed; all run side by side, and only a failed one's words are shown."""
    environment = {**os.environ, "CHECK_SECONDS": str(TEST_SECONDS), "OMP_NUM_THREADS": "1"}
    started = time.monotonic()
    running = {
        name: subprocess.Popen(
            argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for name, argv in commands(selection).items()
    }
    passed: dict[str, bool] = {}
    for name, process in running.items():
        said, _ = process.communicate()
        nothing_chosen = name == "tests" and process.returncode == 5
        passed[name] = process.returncode == 0 or nothing_chosen
        seconds = time.monotonic() - started
        mark = "[green]ok[/]" if passed[name] else "[bold red]failed[/]"
        if passed[name] and name == "tests" and LEFT_OUT in said:
            mark = "[yellow]ok in part[/]"
        console.print(f"{name:12} {mark}  after {seconds:.0f} s")
        lines = said.strip().splitlines()
        shown = lines if not passed[name] else lines[-2:] if name == "tests" else []
        for line in shown:
            console.print(f"  {line}", markup=False, highlight=False)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.check", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="instead of what differs from --base")
    parser.add_argument(
        "--base", default="origin/main", help="what the change is measured from (%(default)s)"
    )
    parser.add_argument("--list", action="store_true", help="only say what would be checked")
    parser.add_argument("--json", action="store_true", help="the answer as JSON on standard output")
    given = parser.parse_args()
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        files = given.files or changed_files(ROOT, given.base)
        selection = select(ROOT, files)
    except GitError as error:
        console.print(f"[bold red]error:[/] what changed cannot be told: {error}")
        console.print("[bold]what to do:[/] name a commit or branch (`make check BASE=main`), or the files.")
        return 2
    if not given.files and not files:
        console.print(f"nothing differs from {given.base}")
    passed: dict[str, bool] = {}
    if not given.list:
        passed = run(selection, console)
    if given.json:
        print(json.dumps({**asdict(selection), "passed": passed}))
    elif given.list:
        for name, paths in asdict(selection).items():
            console.print(f"{name}: {', '.join(paths) or 'none'}", markup=False)
    return 0 if all(passed.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
