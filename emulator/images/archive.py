"""Unpacking the archive of a build context: nothing in it can reach or change what is outside its folder.

Files and folders are written as they come, symbolic links only at the end, once all of them are known and
each was followed: while something is written there is no link that it could be written through.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import IO, Final, Literal

from emulator.images.context import ContextError, inside

MOST_BYTES: Final = 4 << 30  # of all files together, unpacked
MOST_MEMBERS: Final = 200_000
LONGEST_READ: Final = 1 << 20  # of one header: tarfile reads the extended ones whole
LONGEST_NAME: Final = 255  # bytes of one part of a path, as file systems have it
MOST_LINKS: Final = 40  # that one path may lead through, as in Linux
GZIP: Final = b"\x1f\x8b"

Kind = Literal["folder", "file", "link"]


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tar, gzipped or not, into the empty folder ``target``; a later member replaces an earlier one.

    ContextError for an archive that cannot be read or is too large, and for a member that is no file, folder
    or link, or whose real path, links followed, would be outside.
    """
    try:
        with _opened(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            unpacking = _Unpacking(tar, target)
            for member in tar:
                unpacking.add(member)
            unpacking.link()
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ContextError(f"the source archive is not a (gzipped) tar: {error}") from error
    except OSError as error:
        raise ContextError(f"the source archive cannot be unpacked: {error.strerror or error}") from error


def _opened(archive: Path) -> _Stream:
    raw = archive.open("rb")
    packed = raw.peek(len(GZIP))[: len(GZIP)] == GZIP
    return _Stream(gzip.GzipFile(fileobj=raw) if packed else raw, raw)


class _Stream(io.RawIOBase):
    """What tarfile reads: no more at once than a header may have."""

    def __init__(self, content: IO[bytes] | gzip.GzipFile, raw: IO[bytes]) -> None:
        self._content, self._raw = content, raw

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= LONGEST_READ:
            raise ContextError(f"the source archive has a header of more than {LONGEST_READ} bytes")
        return self._content.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._content.seek(offset, whence)

    def tell(self) -> int:
        return self._content.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._content.close()
        self._raw.close()
        super().close()


class _Unpacking:
    """What was written so far: kinds by path; the targets of the links, which are not written yet."""

    def __init__(self, tar: tarfile.TarFile, target: Path) -> None:
        self._tar = tar
        self._target = target
        self._kinds: dict[str, Kind] = {}
        self._links: dict[str, str] = {}
        self._members = self._bytes = 0

    def add(self, member: tarfile.TarInfo) -> None:
        """Write a member, or note it when it is a link."""
        self._count(1, max(0, member.size))
        name = _checked(member.name, member.name)
        if not name:
            if not member.isdir():
                raise ContextError(f"{member.name!r} stands for the build context itself and is no folder")
            return
        if member.isdir():
            self._folder(name)
        elif member.issym():
            _spelled(member.linkname, member.name)
            if member.linkname.startswith("/"):
                raise ContextError(f"{member.name!r} links to the absolute path {member.linkname!r}")
            self._place(name, "link")
            self._links[name] = member.linkname
        elif member.islnk():
            self._same(name, _checked(member.linkname, member.name))
        elif member.isreg():
            self._file(name, member)
        else:
            raise ContextError(f"{member.name!r} is neither a file, a folder nor a link")

    def link(self) -> None:
        """Write the links, once each of them was followed and stays inside."""
        for name in self._links:
            self._follow(name)
        for name, text in self._links.items():
            (self._target / name).symlink_to(text)

    def _count(self, members: int, size: int) -> None:
        self._members += members
        self._bytes += size
        if self._members > MOST_MEMBERS or self._bytes > MOST_BYTES:
            raise ContextError(
                f"the source archive is too large: it may unpack to {MOST_MEMBERS} files and folders with"
                f" {MOST_BYTES >> 30} GiB in all"
            )

    def _place(self, name: str, kind: Kind) -> Path:
        """Make room for a file or link: folders above it, nothing in its place."""
        folder, _, _ = name.rpartition("/")
        if folder:
            self._folder(folder)
        found = self._kinds.get(name)
        if found == "folder":
            raise ContextError(f"{name!r} is a folder and something else in the source archive")
        if found == "file":
            (self._target / name).unlink()
        if found == "link":  # a member that would be written through one that leads out is refused
            self._follow(name)
            del self._links[name]
        self._kinds[name] = kind
        return self._target / name

    def _folder(self, name: str) -> None:
        parts = name.split("/")
        for length in range(1, len(parts) + 1):
            path = "/".join(parts[:length])
            found = self._kinds.get(path)
            if found == "link" and length < len(parts):
                raise ContextError(f"{name!r} lies behind the symbolic link {path!r} of the source archive")
            if found in ("file", "link"):
                raise ContextError(f"{path!r} is a folder and something else in the source archive")
            if found is None:
                (self._target / path).mkdir(exist_ok=True)
                self._kinds[path] = "folder"

    def _file(self, name: str, member: tarfile.TarInfo) -> None:
        source = self._tar.extractfile(member)
        if source is None:
            raise ContextError(f"{member.name!r} has no content")
        path = self._place(name, "file")
        with source, path.open("xb") as file:
            shutil.copyfileobj(source, file, LONGEST_READ)
        path.chmod(0o755 if member.mode & 0o100 else 0o644)

    def _same(self, name: str, earlier: str) -> None:
        """A hard link: a file of its own with the same content."""
        kind = self._kinds.get(earlier)
        if kind not in ("file", "link"):
            raise ContextError(f"{name!r} is a hard link to {earlier!r}, which is no earlier file")
        if name == earlier:
            return
        text = self._links.get(earlier, "")
        path = self._place(name, kind)
        if kind == "link":
            self._links[name] = text
            return
        source = self._target / earlier
        self._count(0, source.stat().st_size)
        shutil.copy2(source, path)

    def _follow(self, name: str) -> None:
        """Go where a link leads, through the links on the way. ContextError when that is outside."""
        ahead = name.split("/")[::-1]  # the next part is the last
        at: list[str] = []
        followed = 0
        while ahead:
            part = ahead.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not at:
                    raise ContextError(f"{name!r} links to {self._links[name]!r}, out of the build context")
                at.pop()
                continue
            at.append(part)
            text = self._links.get("/".join(at))
            if text is None:
                continue
            followed += 1
            if followed > MOST_LINKS:
                raise ContextError(f"{name!r} leads through more than {MOST_LINKS} symbolic links")
            at.pop()
            ahead += text.split("/")[::-1]


def _checked(path: str, member: str) -> str:
    """A path of the archive in its shortest form, "" for the context itself."""
    _spelled(path, member)
    return inside(path)


def _spelled(path: str, member: str) -> None:
    """Refuse a path, or what a link says, that no file system could take."""
    try:
        parts = path.encode().split(b"/")
    except UnicodeEncodeError as error:
        raise ContextError(f"the name of {member!r} is no UTF-8 text") from error
    if "\0" in path or any(len(part) > LONGEST_NAME for part in parts):
        raise ContextError(f"the name of {member[:80]!r} is too long or has a zero character in it")
