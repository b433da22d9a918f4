"""Search a whole world for values that must not stand in clear: files, databases, process lists."""

from __future__ import annotations

import base64
import gzip
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psutil

from tests.e2e import killing

SQLITE = b"SQLite format 3\0"
GZIP = b"\x1f\x8b"
PIECE = 1 << 22
PACKAGES = ("images",)  # trees of installed packages, built before any secret was given


def forms(value: str) -> list[bytes]:
    """The ways in which a value can stand somewhere and still be read by anyone."""
    plain = value.encode()
    # whatever stands before it, one of three alignments of base64 holds these middle characters
    shifted = (base64.b64encode(b"\0" * pad + plain)[4 if pad else 0 : -4] for pad in range(3))
    return [plain, plain.hex().encode(), quote(value, safe="").encode(), plain[::-1], *shifted]


class Search:
    """``canaries``: what each value is -> the value. Findings name what was found and where."""

    def __init__(self, canaries: Mapping[str, str]) -> None:
        self._forms = {name: forms(value) for name, value in canaries.items()}

    def found(self, data: bytes) -> list[str]:
        """The names of the values that stand in ``data``."""
        return [name for name, ways in self._forms.items() if any(way in data for way in ways)]

    def text(self, where: str, text: str) -> list[str]:
        return [f"{name} in {where}" for name in self.found(text.encode())]

    def files(self, home: Path, *allowed: str) -> list[str]:
        """Every file under ``home`` but ``allowed``: bytes, unpacked if gzip, row by row if sqlite."""
        findings: list[str] = []
        for path in _files(home):
            place = path.relative_to(home).as_posix()
            if place not in allowed:
                hits = {name for data in _contents(path) for name in self.found(data)}
                findings += [f"{name} in {place}" for name in sorted(hits)]
        return findings

    def processes(self, home: Path) -> list[str]:
        """Command lines and environments of the world's processes and of all that they started."""
        findings: list[str] = []
        for process in killing.world(home):
            try:
                line, variables = process.cmdline(), process.environ()
                shown = f"{process.name()} in {Path(process.cwd()).name}"
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            findings += self.text(f"the command line of {shown}", "\0".join(line))
            for key, value in variables.items():
                findings += self.text(f"{key} of {shown}", value)
        return findings


def _files(home: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name not in PACKAGES]
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if data.startswith(SQLITE):
        yield from _rows(path)
    elif data.startswith(GZIP):
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return


def _rows(path: Path) -> Iterator[bytes]:
    """Every value of every table: one that spans pages is in no piece of the file as a whole."""
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()
