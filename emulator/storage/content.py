"""Bytes on disk: each content is one file of its own, complete before anything refers to it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

PIECE = 1 << 20


class Contents:
    """Files under one directory, written aside and renamed; orphans are swept at the start."""

    def __init__(self, root: Path) -> None:
        self._root = root / "content"
        self._aside = root / "incoming"
        for directory in (self._root, self._aside):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, content: str) -> Path:
        return self._root / content[:2] / content

    def write(self, data: bytes) -> str:
        """Keep ``data``; the name of the new content."""
        content, aside = self._new()
        with aside.open("wb") as file:
            file.write(data)
        return self._keep(content, aside)

    def join(self, parts: Iterable[tuple[str, int, int]]) -> str:
        """A new content from ranges (content, offset, size) of others."""
        content, aside = self._new()
        with aside.open("wb") as file:
            for source, offset, size in parts:
                with self.path(source).open("rb") as reader:
                    reader.seek(offset)
                    left = size
                    while left > 0:
                        piece = reader.read(min(left, PIECE))
                        if not piece:
                            raise OSError(f"content {source} ends {left} bytes early")
                        file.write(piece)
                        left -= len(piece)
        return self._keep(content, aside)

    def take(self, path: Path) -> str:
        """A copy of a local file."""
        content, aside = self._new()
        shutil.copyfile(path, aside)
        return self._keep(content, aside)

    def same(self, content: str) -> str:
        """A second name for the same bytes (a hard link): the two live and die apart."""
        name = secrets.token_hex(16)
        self._place(name, lambda path: os.link(self.path(content), path))
        return name

    def append(self, content: str, size: int, data: bytes) -> None:
        """Write ``data`` at ``size``, the end that is known: a cut-off append before it is overwritten."""
        with self.path(content).open("r+b") as file:
            file.truncate(size)
            file.seek(size)
            file.write(data)

    def read(self, content: str, offset: int, size: int) -> bytes:
        """``size`` bytes from ``offset``; FileNotFoundError when the content is gone."""
        with self.path(content).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def forget(self, contents: Iterable[str]) -> None:
        """Remove contents; readers that have one open read on."""
        for content in contents:
            self.path(content).unlink(missing_ok=True)

    def sweep(self, referred: set[str]) -> int:
        """Remove what a killed process left behind; how many files went. Only before the first request."""
        orphans = list(self._aside.iterdir())
        orphans += [path for path in self._root.glob("??/*") if path.name not in referred]
        for path in orphans:
            path.unlink()
        return len(orphans)

    def _new(self) -> tuple[str, Path]:
        content = secrets.token_hex(16)
        return content, self._aside / content

    def _keep(self, content: str, aside: Path) -> str:
        self._place(content, aside.rename)
        return content

    def _place(self, content: str, put: Callable[[Path], object]) -> None:
        """Put a file at the content's path; its folder, one of 256, is made by the first that comes there."""
        path = self.path(content)
        try:
            put(path)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            put(path)
