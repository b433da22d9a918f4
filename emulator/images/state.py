"""Where the build of a stage stands: the last layer, the files copied since, and the tree that they make."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from emulator.images import tree
from emulator.images.context import Copied, Files
from emulator.images.image import ImageConfig
from emulator.images.layers import Layer
from emulator.images.tree import Entry


class BuildError(RuntimeError):
    """The build failed; the message is its last line."""


class BuildCanceled(RuntimeError):
    """The build was asked to stop."""


@dataclass(slots=True)
class State:
    """``manifest``: what the tree would hold if ``pending`` were written over the layer's."""

    layer: Layer
    key: str
    manifest: tree.Manifest
    config: ImageConfig
    pending: dict[str, Copied] = field(default_factory=dict[str, Copied])
    folders: list[str] = field(default_factory=list[str])
    arguments: dict[str, str] = field(default_factory=dict[str, str])

    @staticmethod
    def of(layer: Layer, config: ImageConfig) -> State:
        return State(layer, layer.key, dict(layer.manifest), config)

    def variables(self) -> dict[str, str]:
        return {**self.arguments, **self.config.env}

    def branch(self) -> State:
        """The same state, to go on from in another stage."""
        return replace(
            self,
            manifest=dict(self.manifest),
            pending=dict(self.pending),
            folders=list(self.folders),
            arguments=dict(self.arguments),
        )

    def add_folder(self, folder: str) -> None:
        for path in reversed([folder, *map(str, Path(folder).parents)]):
            if path not in ("", ".") and path not in self.manifest:
                self.manifest[path] = Entry(path, "d", False, "")
                self.folders.append(path)

    def write(self, root: Path, share: tree.Share) -> None:
        """The tree at ``root``, which does not exist. BuildError when a link in it would lead out."""
        tree.clone(self.layer.root, root, share)
        top = root.resolve()
        inside: set[Path] = set()

        def made(folder: Path) -> None:
            if folder in inside:
                return
            _stays(folder, root, top)
            folder.mkdir(parents=True, exist_ok=True)
            inside.add(folder)

        for folder in self.folders:
            made(root / folder)
        for item in self.pending.values():
            target = root / item.entry.path
            if item.entry.kind == "d":
                made(target)
                continue
            made(target.parent)
            if target.is_dir() and not target.is_symlink():
                raise BuildError(f"/{item.entry.path} is a folder in the image and none in the source")
            _place(item, target, share)
            if item.entry.kind == "l":
                inside.clear()  # what lay below the old link may lie elsewhere below the new one
        for item in self.pending.values():
            if item.entry.kind == "l" and not item.kept:
                _stays(root / item.entry.path, root, top)


def _stays(path: Path, root: Path, top: Path) -> None:
    """BuildError when a path of the tree, links followed, is outside of it. ``top``: the tree's real path."""
    try:
        if path.resolve().is_relative_to(top):
            return
        why = "leads out of the image"
    except (OSError, RuntimeError):  # which of the two is told depends on the version of Python
        why = "is one of a loop"
    raise BuildError(f"/{path.relative_to(root)}: a symbolic link there {why}")


def _place(item: Copied, target: Path, share: tree.Share) -> None:
    target.unlink(missing_ok=True)
    if item.entry.kind == "l":
        target.symlink_to(item.source.readlink())
    elif item.kept and tree.shared(item.entry.path, share):
        tree.link_or_copy(item.source, target)
    else:
        shutil.copy2(item.source, target)
        target.chmod(0o755 if item.entry.executable else 0o644)


class StageFiles(Files):
    """The files of a finished stage, for ``COPY --from``."""

    def __init__(self, name: str, state: State) -> None:
        super().__init__(state.manifest)
        self.where = f"the stage {name}"
        self._state = state

    def copied(self, name: str, entry: Entry) -> Copied:
        pending = self._state.pending.get(name)
        if pending is not None:
            return replace(pending, entry=entry)
        return Copied(self._state.layer.root / name, entry, kept=True)


def join(workdir: str, path: str) -> str:
    """An absolute path of the image in its shortest form; ``..`` stops at the root."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{workdir}/{path}").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def key_of(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
