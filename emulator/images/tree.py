"""Directory trees of images: their entries, content digests, and sharing between trees by hard links.

A published tree is never modified in place: the next step works on a clone. How much a clone shares by
hard links depends on what will happen in it: everything where only whole files are replaced, the installed
packages where a container runs, nothing where a RUN command does as it likes.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

SITE_PACKAGES = "site-packages"
Share = Literal["all", "packages", "none"]
# Not content: byte code, and notes an installer leaves about where and when it worked.
_NOTES = {"direct_url.json", "uv_cache.json"}
PYVENV = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class Entry:
    """``kind``: f(ile), l(ink) or d(irectory); ``content``: sha256 of a file, target of a link."""

    path: str
    kind: str
    executable: bool
    content: str
    size: int = 0
    mtime_ns: int = 0

    def line(self) -> str:
        return f"{self.kind}{'x' if self.executable else '-'} {self.content} {self.path}"


Manifest = dict[str, Entry]


def scan(root: Path, known: Manifest | None = None) -> Manifest:
    """The entries of a tree by relative path; a file of ``known`` size and time keeps its known hash.

    A time of whole seconds is one that a program has set, the same for all that it makes: it tells nothing.
    """
    manifest: Manifest = {}
    known = known or {}
    for path, item in _walk(root):
        status = item.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            manifest[path] = Entry(path, "l", False, _target(root, Path(item.path)))
        elif stat.S_ISDIR(status.st_mode):
            manifest[path] = Entry(path, "d", False, "")
        else:
            executable = bool(status.st_mode & 0o100)
            old = known.get(path)
            now = status.st_size, status.st_mtime_ns
            same = old is not None and (old.size, old.mtime_ns) == now and now[1] % 1_000_000_000 != 0
            content = old.content if old is not None and same else file_hash(Path(item.path))
            manifest[path] = Entry(path, "f", executable, content, status.st_size, status.st_mtime_ns)
    return manifest


def _walk(root: Path, below: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(root / below) as items:
        for item in sorted(items, key=lambda entry: entry.name):
            path = f"{below}/{item.name}" if below else item.name
            yield path, item
            if item.is_dir(follow_symlinks=False):
                yield from _walk(root, path)


def _target(root: Path, link: Path) -> str:
    target = str(link.readlink())
    # The interpreter of this machine, wherever it lies, is the base image's interpreter.
    if PurePosixPath(target).is_absolute() and link.name.startswith("python"):
        return f"interpreter:{link.name}"
    return target


def file_hash(path: Path) -> str:
    """The sha256 of a file's content, freed of where the tree lies and of what byte code exists."""
    if path.name == "RECORD" and path.parent.name.endswith(".dist-info"):
        kept = [line for line in path.read_text("utf-8").splitlines() if not _volatile(line.split(",")[0])]
        return hashlib.sha256("\n".join(sorted(kept)).encode()).hexdigest()
    if path.name == PYVENV:
        kept = [line for line in path.read_text("utf-8").splitlines() if line.startswith("version")]
        return hashlib.sha256("\n".join(kept).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _volatile(path: str) -> bool:
    name = PurePosixPath(path).name
    return name in _NOTES or path.startswith("../") or is_byte_code(path)


def is_byte_code(path: str) -> bool:
    """Whether it is made from the source beside it; a .pyc that stands for its source is content."""
    return "__pycache__" in path.split("/")


def digest(manifest: Manifest, config: dict[str, object]) -> str:
    """``sha256:...`` over the configuration and the sorted content, without times, byte code and notes."""
    total = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for path in sorted(manifest):
        if not is_byte_code(path) and path.rpartition("/")[2] not in _NOTES:
            total.update(f"\n{manifest[path].line()}".encode())
    return f"sha256:{total.hexdigest()}"


def clone(source: Path, target: Path, share: Share) -> None:
    """A tree like ``source`` at the new path ``target``.

    By the system's own calls: an image has some thirty thousand files, and paths as objects took most of it.
    """
    target.mkdir(parents=True)
    folders = [""]
    for below in folders:  # which grows meanwhile
        with os.scandir(source / below) as items:
            for item in items:
                path = f"{below}/{item.name}" if below else item.name
                copy_to = f"{target}/{path}"
                if item.is_symlink():
                    os.symlink(os.readlink(item.path), copy_to)  # noqa: PTH115, PTH211
                elif item.is_dir(follow_symlinks=False):
                    os.mkdir(copy_to)  # noqa: PTH102
                    folders.append(path)
                elif shared(path, share):
                    link_or_copy(item.path, copy_to)
                else:
                    shutil.copy2(item.path, copy_to, follow_symlinks=False)


def shared(path: str, share: Share) -> bool:
    """Whether a file at ``path`` is shared by a hard link."""
    return share == "all" or (share == "packages" and SITE_PACKAGES in path)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target, follow_symlinks=False)


def remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)


def to_json(manifest: Manifest) -> list[list[object]]:
    return [[e.path, e.kind, e.executable, e.content, e.size, e.mtime_ns] for e in manifest.values()]


def from_json(rows: list[list[Any]]) -> Manifest:
    return {row[0]: Entry(*row) for row in rows}
