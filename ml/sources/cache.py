"""Keeps downloaded data sets in the user's cache directory, by content, and what is known of their sources.

    content/SHA256         whole files
    index/SOURCE.json      the version of a source that was downloaded last, and its content
    partial/SOURCE         a download under way, with SOURCE.json: its version and how much of it is safe
    locks/SOURCE           held by whoever looks at or downloads that source

Everything may be deleted at any time when no command runs.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.content import sha256_of_file
from ml.errors import MlopsError
from ml.sources.store import Source, Version

SPARE_BYTES = 64 << 20  # what a download leaves free on the disk


def directory() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mlops-estate" / "data"


def _read_json(path: Path) -> dict[str, Any]:
    """The file's object; an empty one when it is missing or broken, so that the source is read anew."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(value, sort_keys=True), encoding="utf-8")
    aside.replace(path)


@dataclass(frozen=True, slots=True)
class Partial:
    """An unfinished download. Only bytes that were synced to the disk are counted as there."""

    path: Path
    state: Path

    def version(self) -> dict[str, Any] | None:
        return _read_json(self.state).get("version")

    def keep(self, version: Version, done: int) -> None:
        _write_json(self.state, {"version": version.as_json(), "done": done})

    def done(self) -> int:
        """How many bytes, counted from the first, are safe on the disk."""
        recorded = _read_json(self.state).get("done", 0)
        if not isinstance(recorded, int) or not self.path.exists():
            return 0
        return recorded if 0 <= recorded <= self.path.stat().st_size else 0

    def drop(self) -> None:
        self.state.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


class Cache:
    def __init__(self, root: Path | None = None) -> None:
        """Raises MlopsError when the directory cannot be made."""
        self.root = root or directory()
        try:
            for part in ("content", "index", "partial", "locks"):
                (self.root / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise MlopsError(
                f"The cache directory {self.root} cannot be made: {error.strerror}.",
                "Make it writable, or set XDG_CACHE_HOME to another directory.",
            ) from error

    @staticmethod
    def key(source: Source) -> str:
        return hashlib.sha256(source.identity.encode()).hexdigest()[:32]

    @contextmanager
    def locked(self, source: Source, waiting: Callable[[], None]) -> Generator[None, None, None]:
        """Hold a source for this process. `waiting` is called when another process holds it."""
        with (self.root / "locks" / self.key(source)).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def find(self, source: Source, version: Version) -> tuple[Path, str] | None:
        """The file of that version and its SHA-256, which is computed anew; None when there is none."""
        known = _read_json(self.root / "index" / f"{self.key(source)}.json")
        sha256 = known.get("sha256")
        if known.get("version") != version.as_json() or not isinstance(sha256, str):
            return None
        path = self.root / "content" / sha256
        if not path.is_file():
            return None
        if path.stat().st_size != version.size or sha256_of_file(path) != sha256:
            path.unlink()  # its content is not what its name says
            return None
        return path, sha256

    def partial(self, source: Source) -> Partial:
        path = self.root / "partial" / self.key(source)
        return Partial(path, path.with_suffix(".json"))

    def room_for(self, size: int, source: Source) -> None:
        """Raises MlopsError when the disk has not that many bytes left."""
        free = shutil.disk_usage(self.root).free
        if free < size + SPARE_BYTES:
            raise MlopsError(
                f"The data set {source.shown} needs {size / 1e6:.1f} MB more in {self.root}, where "
                f"{free / 1e6:.1f} MB are free.",
                "Delete what is old in that directory, or set XDG_CACHE_HOME to a larger disk.",
            )

    def take(self, source: Source, version: Version, partial: Partial, sha256: str) -> Path:
        """Put a finished download among the contents, and enter its source in the index."""
        path = self.root / "content" / sha256
        partial.path.replace(path)
        entry = {"source": source.shown, "version": version.as_json(), "sha256": sha256}
        _write_json(self.root / "index" / f"{self.key(source)}.json", entry)
        partial.drop()
        return path
