"""Where slow builds are kept, outside the checkout, so that they are made once for a machine."""

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """The project's folder in the user's cache directory; honours XDG_CACHE_HOME."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "mlops-estate"


def say(text: str) -> None:
    """A line of progress, on standard error."""
    print(f"  {text}", file=sys.stderr, flush=True)


def stop(problem: str, remedy: str) -> "SystemExit":
    """The end of a set-up that cannot go on: what is wrong and what to do, exit code 1."""
    return SystemExit(f"set-up: {problem}\n        {remedy}")
