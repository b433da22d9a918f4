"""The layer cache: trees by the key of what made them, in the user's cache directory, shared by processes."""

import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator.home import write_aside
from emulator.images import tree

UNUSED_DAYS = 30  # layers that no build used for so long are removed


@dataclass(frozen=True, slots=True)
class Layer:
    key: str
    root: Path
    manifest: tree.Manifest


def default_root() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "mlops-estate" / "images"


class LayerCache:
    """``root``/layers/KEY/{tree, layer.json}; a layer's folder is renamed into place when it is complete."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()
        for name in ("layers", "locks", "new"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Layer | None:
        folder = self.root / "layers" / key
        try:
            rows = json.loads((folder / "layer.json").read_text())
            os.utime(folder / "layer.json")
        except FileNotFoundError:
            return None
        return Layer(key, folder / "tree", tree.from_json(rows))

    def make(self, key: str, fill: Callable[[Path], tree.Manifest], *, anew: bool = False) -> Layer:
        """The layer of ``key``; if there is none (or ``anew``), ``fill`` makes its tree at a given path."""
        with self._locked(key):
            layer = None if anew else self.get(key)
            if layer is not None:
                return layer
            aside = self.root / "new" / uuid.uuid4().hex
            (aside).mkdir()
            try:
                manifest = fill(aside / "tree")
                write_aside(aside / "layer.json", json.dumps(tree.to_json(manifest)).encode(), 0o644)
                self.remove(key)
                aside.rename(self.root / "layers" / key)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
        made = self.get(key)
        if made is None:
            raise FileNotFoundError(f"layer {key} vanished from {self.root}: another program cleans it")
        return made

    def remove(self, key: str) -> None:
        folder = self.root / "layers" / key
        if folder.exists():
            gone = self.root / "new" / uuid.uuid4().hex
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def prune(self, days: float = UNUSED_DAYS) -> list[str]:
        """Remove layers unused for ``days`` and what interrupted builds left; the keys that went."""
        oldest = time.time() - days * 86400
        old = [
            p.parent.name for p in (self.root / "layers").glob("*/layer.json") if p.stat().st_mtime < oldest
        ]
        for key in old:
            with self._locked(key):
                self.remove(key)
        for left in (self.root / "new").iterdir():
            if left.stat().st_mtime < time.time() - 86400:
                shutil.rmtree(left, ignore_errors=True)
        return old

    @contextmanager
    def _locked(self, key: str) -> Generator[None]:
        with (self.root / "locks" / key).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
