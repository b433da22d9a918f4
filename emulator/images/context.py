"""What a COPY selects, and a build context: a directory less what .dockerignore names."""

import fnmatch
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from emulator.images.tree import Entry, Manifest, scan


class ContextError(ValueError):
    """The context cannot be used, or lacks what a COPY names."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One entry on its way to ``entry.path`` in the image's tree; ``kept``: its source never changes."""

    source: Path
    entry: Entry
    kept: bool = False


class Files(ABC):
    """Files that a COPY selects from: ``entries`` by path, and where each one lies."""

    where = "the image"

    def __init__(self, entries: Manifest) -> None:
        self.entries = entries

    @abstractmethod
    def copied(self, name: str, entry: Entry) -> Copied:
        """The entry of a name on its way to ``entry.path``."""

    def select(self, sources: list[str], destination: str, existing: Manifest) -> list[Copied]:
        """What ``COPY sources destination`` brings; ``destination`` is relative to the tree's root and ends
        with a slash when it names a directory; ``existing`` are the entries of the tree so far."""
        copied: dict[str, Copied] = {}
        matches = [(source, match) for source in sources for match in self._matches(source)]
        target = destination.strip("/")
        single = len(sources) == 1 and len(matches) == 1
        into = destination.endswith("/") or not target or _is_directory(existing, target)
        if not single and not into:
            raise ContextError(f"COPY of several sources to {destination!r}: the destination must end with /")
        for _source, match in matches:
            entry = self.entries.get(match)
            if match == "" or (entry is not None and entry.kind == "d"):
                self._add(copied, match, target)
            else:
                name = PurePosixPath(match).name
                self._put(copied, match, f"{target}/{name}".lstrip("/") if into else target)
        return [copied[path] for path in sorted(copied)]

    def _matches(self, source: str) -> list[str]:
        path = inside(source)
        if path == "" or path in self.entries or self._below(path):
            return [path]
        found = [name for name in self.entries if _glob_match(path, name)] if _has_wildcard(path) else []
        if not found:
            raise ContextError(f"COPY {source}: no such file in {self.where}")
        return sorted(found)

    def _below(self, path: str) -> list[str]:
        return [name for name in self.entries if not path or name.startswith(f"{path}/")]

    def _add(self, copied: dict[str, Copied], directory: str, target: str) -> None:
        for name in self._below(directory):
            rest = name[len(directory) :].lstrip("/")
            self._put(copied, name, f"{target}/{rest}".lstrip("/"))

    def _put(self, copied: dict[str, Copied], name: str, target: str) -> None:
        copied[target] = self.copied(name, replace(self.entries[name], path=target))


class Context(Files):
    """The build context at ``root``; ignored files do not exist for COPY, whatever it names."""

    where = "the build context (or .dockerignore excludes it)"

    def __init__(self, root: Path) -> None:
        self.root = root
        ignore = root / ".dockerignore"
        ignored = Ignore(read_text(ignore) if ignore.is_file() else "")
        super().__init__({path: entry for path, entry in scan(root).items() if not ignored(path)})

    def copied(self, name: str, entry: Entry) -> Copied:
        if entry.kind == "l":
            inside(str(PurePosixPath(name).parent / entry.content))
        return Copied(self.root / name, entry)


def read_text(path: Path) -> str:
    """A text of the context: its Dockerfile, its .dockerignore."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ContextError(f"{path.name} of the build context is no UTF-8 text: {error}") from error


def _is_directory(manifest: Manifest, path: str) -> bool:
    entry = manifest.get(path)
    return (entry is not None and entry.kind == "d") or any(name.startswith(f"{path}/") for name in manifest)


def inside(path: str) -> str:
    """A path of the context in its shortest form, "" for the root; it must not leave the context."""
    parts: list[str] = []
    for part in path.lstrip("/").split("/") if not path.startswith("/..") else [".."]:
        if part == "..":
            if not parts:
                raise ContextError(f"{path!r} leads out of the build context")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _has_wildcard(path: str) -> bool:
    return any(character in path for character in "*?[")


def _glob_match(pattern: str, name: str) -> bool:
    wanted, parts = pattern.split("/"), name.split("/")
    return len(wanted) == len(parts) and all(
        fnmatch.fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=True)
    )


class Ignore:
    """The patterns of a .dockerignore: the last match decides, ``!`` takes back in, ``**`` spans folders."""

    def __init__(self, text: str) -> None:
        self.rules: list[tuple[bool, re.Pattern[str]]] = []
        for line in text.splitlines():
            pattern = line.strip()
            if pattern and not pattern.startswith("#"):
                keep = pattern.startswith("!")
                cleaned = pattern.lstrip("!").strip().strip("/").removeprefix("./")
                if cleaned:
                    self.rules.append((keep, re.compile(_ignore_regex(cleaned))))

    def __call__(self, path: str) -> bool:
        ignored = False
        for keep, pattern in self.rules:
            if pattern.match(path):
                ignored = not keep
        return ignored


def _ignore_regex(pattern: str) -> str:
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] == "?":
            out, at = out + "[^/]", at + 1
        elif pattern[at] == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            out, at = out + pattern[at : end + 1].replace("[!", "[^"), end + 1
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return f"^{out}(?:/.*)?$"  # what matches a folder matches all that is in it
