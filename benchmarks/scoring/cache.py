"""What is slow to make is made once for a machine, in the user's cache directory, named by its content."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = ".complete"
DIGITS = 16  # of a digest in a name


class BenchmarkError(Exception):
    """The benchmark cannot go on; the text says why and what to do."""


def cache_dir() -> Path:
    """Honours XDG_CACHE_HOME, as the project's other tools do."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "mlops-estate" / "bench-scoring"


def digest(files: Iterable[Path], *words: str) -> str:
    """Of the files' names and contents, the words, and the Python that runs."""
    found = hashlib.sha256(sys.version.encode())
    for word in words:
        found.update(b"\0" + word.encode())
    for file in sorted(files):
        found.update(b"\0" + file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:DIGITS]


def made(name: str, make: Callable[[Path], None], say: Callable[[str], None], what: str) -> Path:
    """The folder of that name, filled by `make` when it is not there: aside, then moved to where it stays.

    `make` gets the folder to fill; when it needs the final place, the folder's siblings are not for it.
    """
    place = cache_dir() / name
    if (place / COMPLETE).exists():
        return place
    say(what)
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=place.parent))
    try:
        make(aside)
        (aside / COMPLETE).touch()
        if not (place / COMPLETE).exists():  # else another run was faster
            shutil.rmtree(place, ignore_errors=True)
            aside.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return place
