"""Blobs and their blocks: what the operations do, without HTTP and without authorization."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from emulator.storage.content import Contents
from emulator.storage.errors import failure
from emulator.storage.index import Index
from emulator.storage.lake.rights import FOLDER, Creator, is_directory, kept
from emulator.storage.leases import Leases
from emulator.storage.model import APPEND_BLOB, BLOCK_BLOB, Address, Blob, Block, after

Check = Callable[["Blob | None"], None]  # raises when a condition of the request does not hold
DELIMITED_BATCH = 64


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: blobs and, with a delimiter, common prefixes; ``next`` is "" at the end."""

    entries: list[Blob | str]
    next: str


def no_check(_: Blob | None) -> None:
    """For writes without conditions."""


def md5(data: bytes) -> str:
    """Content-MD5: base64 of the digest."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _folder(blob: Blob) -> dict[str, str]:
    return {FOLDER: "true"} if is_directory(blob) else {}


class BlobStore:
    """All blobs of all accounts. Thread-safe: a write checks its conditions and takes effect in one step."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._contents = Contents(root)
        self._index = Index(root / "index.db")
        self._contents.sweep(self._index.contents())
        self._etags = threading.Lock()
        self.leases = Leases()
        self._etag = self._index.last_etag()

    def close(self) -> None:
        self._index.close()

    def new_etag(self) -> int:
        """Greater than every one before, near the clock in units of 100 ns."""
        with self._etags:
            self._etag = max(self._etag + 1, time.time_ns() // 100)
            return self._etag

    def get(self, at: Address) -> Blob | None:
        return self._index.get(at)

    def existing(self, at: Address) -> Blob:
        """The blob; 404 BlobNotFound."""
        blob = self._index.get(at)
        if blob is None:
            raise failure("BlobNotFound", at.url())
        return blob

    def read(self, at: Address, check: Check, span: Callable[[int], tuple[int, int]]) -> tuple[Blob, bytes]:
        """The blob and the bytes (offset, size) that ``span`` picks, given its size."""
        while True:
            blob = self.existing(at)
            check(blob)
            offset, size = span(blob.size)
            try:
                return blob, self._contents.read(blob.content, offset, size)
            except FileNotFoundError:
                current = self._index.get(at)
                if current is not None and current.content == blob.content:
                    raise  # not overwritten meanwhile: the file is really lost

    def write(
        self,
        at: Address,
        data: bytes | Path,
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
        check: Check = no_check,
        kind: str = BLOCK_BLOB,
        creator: Creator | None = None,
    ) -> Blob:
        """Put Blob: replaces the blob and its blocks. creator: in a hierarchical namespace, who owns it and
        the directories above it where they are new."""
        content = self._contents.write(data) if isinstance(data, bytes) else self._contents.take(data)
        return self._replace(at, content, headers, metadata, check, kind, (), creator)

    def copy(
        self,
        source: Blob,
        at: Address,
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
        check: Check,
        creator: Creator | None = None,
    ) -> Blob:
        """A copy with a life of its own; block blobs share the bytes on disk, append blobs do not."""
        if source.kind == APPEND_BLOB:
            content = self._contents.join([(source.content, 0, source.size)])
        else:
            content = self._contents.same(source.content)
        return self._replace(at, content, headers, metadata, check, source.kind, source.blocks, creator)

    def stage(self, at: Address, block_id: str, data: bytes) -> None:
        """Put Block. Ids of one blob have one length, as Azure demands."""
        lengths = {len(known) for known in self._index.staged(at)}
        if lengths and len(block_id) not in lengths:
            raise failure("InvalidBlobOrBlock", "All block ids of a blob must have the same length.")
        content = self._contents.write(data)
        old = self._index.stage(at, Block(block_id, len(data)), content)
        self._contents.forget([old] if old else [])

    def blocks(self, at: Address) -> tuple[Blob | None, list[Block]]:
        """Get Block List: the blob with its committed blocks, and the staged ones."""
        blob, staged = self._index.get(at), self._index.staged(at)
        if blob is None and not staged:
            raise failure("BlobNotFound", at.url())
        return blob, [block for block, _ in staged.values()]

    def commit(
        self,
        at: Address,
        entries: Iterable[tuple[str, str]],
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
        check: Check = no_check,
        creator: Creator | None = None,
    ) -> Blob:
        """Put Block List. ``entries``: (Committed | Uncommitted | Latest, block id), in the blob's order."""
        with self._index.lock:
            old, staged = self._index.get(at), self._index.staged(at)
            check(old)
            committed: dict[str, tuple[str, int, int]] = {}
            offset = 0
            for block in old.blocks if old else ():
                committed[block.id] = (old.content if old else "", offset, block.size)
                offset += block.size
            uncommitted = {name: (content, 0, block.size) for name, (block, content) in staged.items()}
            choice = {
                "Committed": committed,
                "Uncommitted": uncommitted,
                "Latest": {**committed, **uncommitted},
            }
            chosen = [(block_id, choice[source].get(block_id)) for source, block_id in entries]
            missing = [block_id for block_id, part in chosen if part is None]
            if missing:
                raise failure("InvalidBlockList", f"Unknown blocks: {', '.join(missing[:5])}.")
            parts = [(block_id, part) for block_id, part in chosen if part is not None]
            content = self._contents.join(part for _, part in parts)
            blocks = tuple(Block(block_id, part[2]) for block_id, part in parts)
            return self._replace(at, content, headers, metadata, no_check, BLOCK_BLOB, blocks, creator)

    def append(self, at: Address, data: bytes, check: Check = no_check) -> tuple[Blob, int]:
        """Append Block: the blob as it is then, and the offset at which ``data`` stands."""
        with self._index.lock:
            old = self.existing(at)
            check(old)
            if old.kind != APPEND_BLOB:
                raise failure("InvalidBlobType", f"{at.url()} is a {old.kind}.")
            self._contents.append(old.content, old.size, data)
            new = replace(old, size=old.size + len(data), etag_number=self.new_etag(), modified=time.time())
            self._index.put(at, new)
        return new, old.size

    def update(
        self,
        at: Address,
        check: Check,
        *,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        touch: bool = True,
    ) -> Blob:
        """Set Blob Properties or Metadata: what is given replaces what was. ``touch``: with a new ETag."""
        with self._index.lock:
            old = self.existing(at)
            check(old)
            new = replace(
                old,
                headers=old.headers if headers is None else {**kept(old.headers), **headers},
                metadata=old.metadata if metadata is None else {**metadata, **_folder(old)},
                etag_number=self.new_etag() if touch else old.etag_number,
                modified=time.time() if touch else old.modified,
            )
            self._index.put(at, new)
        return new

    def delete(self, at: Address, check: Check = no_check) -> None:
        """Delete Blob, its staged blocks as well."""
        with self._index.lock:
            old = self.existing(at)
            check(old)
            inside = f"{at.name}/"
            if is_directory(old) and self._index.names_from(at.account, at.container, inside, inside, 1):
                raise failure("DirectoryIsNotEmpty", at.url())
            staged = [content for _, content in self._index.staged(at).values()]
            with self._index.transaction():
                self._index.delete(at)
                self._index.unstage(at)
        self._contents.forget([old.content, *staged])
        self.leases.forget(at.account, at.container, at.name)

    def list(
        self,
        account: str,
        container: str,
        prefix: str = "",
        delimiter: str = "",
        start: str = "",
        limit: int = 5000,
    ) -> Page:
        """Blobs under ``prefix`` from ``start`` on, names between delimiters folded into common prefixes."""
        entries: list[Blob | str] = []
        cursor: str | None = start
        batch = DELIMITED_BATCH if delimiter else limit + 1
        while cursor is not None:
            found = self._index.names_from(account, container, cursor, prefix, batch)
            cursor = found[-1].name + "\0" if len(found) == batch else None
            for blob in found:
                end = blob.name.find(delimiter, len(prefix)) if delimiter else -1
                entry = blob if end < 0 else blob.name[: end + len(delimiter)]
                if delimiter and isinstance(entry, Blob) and is_directory(blob):
                    entry = blob.name + delimiter  # a listing by folders shows it as one, even if it is empty
                    if self._index.names_from(account, container, entry, entry, 1):
                        continue  # it comes with the first path in it
                if len(entries) == limit:
                    return Page(entries, blob.name if end < 0 else str(entry))
                entries.append(entry)
                if end >= 0 and isinstance(entry, str):
                    cursor = after(entry)
                    break
        return Page(entries, "")

    def drop(self, account: str, container: str | None = None) -> None:
        """Forget all blobs of a container, or of an account."""
        self._contents.forget(self._index.drop(account, container))
        self.leases.forget(account, container)

    def path(self, blob: Blob) -> Path:
        """The file that holds the blob's bytes: to be read or copied, never written."""
        return self._contents.path(blob.content)

    def make_directory(self, at: Address, metadata: Mapping[str, str], creator: Creator) -> Blob:
        """A directory, and those above it that are missing; one that is there stays as it is."""
        with self._index.lock:
            held = self._index.get(at)
            if held is not None:
                if not is_directory(held):
                    raise failure("PathConflict", at.url())
                return held
            rights = creator.born(self._folders(at, creator.parents()), directory=True)
            now = time.time()
            known = {**metadata, FOLDER: "true"}
            content = self._contents.write(b"")
            made = Blob(at.name, content, 0, self.new_etag(), now, now, headers=rights, metadata=known)
            self._index.put(at, made)
        return made

    def move(self, source: Address, target: Address, creator: Creator) -> Blob:
        """Give a path, and all below it, another name: bytes, owners and permissions stay."""
        with self._index.lock:
            moved = self.existing(source)
            self._folders(target, creator.parents())
            inside = f"{source.name}/"
            below = self._index.names_from(source.account, source.container, inside, inside, -1)
            with self._index.transaction():
                for blob in (moved, *below):
                    name = target.name + blob.name[len(source.name) :]
                    self._index.delete(replace(source, name=blob.name))
                    self._index.put(
                        replace(target, name=name), replace(blob, name=name, etag_number=self.new_etag())
                    )
        return self.existing(target)

    def flush(self, at: Address, length: int, headers: Mapping[str, str], check: Check) -> Blob:
        """Make what was staged by position part of a file, which then has ``length`` bytes."""
        with self._index.lock:
            old = self.existing(at)
            check(old)
            staged = sorted(
                (int(block.id), block.size, content) for block, content in self._index.staged(at).values()
            )
            end, parts = old.size, [(old.content, 0, old.size)]
            for position, size, content in staged:
                if position != end:
                    raise failure("InvalidFlushPosition", f"Bytes {end} to {position} were not sent.")
                parts.append((content, 0, size))
                end += size
            if end != length:
                raise failure("InvalidFlushPosition", f"The file has {end} bytes then, not {length}.")
            if not staged and not headers:
                return old
            content = self._contents.join(parts)
            known = {name: text for name, text in old.headers.items() if name not in headers}
            return self._replace(
                at, content, {**known, **headers}, old.metadata, no_check, old.kind, (), None
            )

    def _rights(self, at: Address, old: Blob | None, creator: Creator | None) -> dict[str, str]:
        """What a path is kept with in a hierarchical namespace: whoever writes to one does not become its
        owner."""
        if old is not None:
            if is_directory(old):
                raise failure("PathConflict", f"{at.url()} is a directory.")
            return kept(old.headers)
        return creator.born(self._folders(at, creator.parents()), directory=False) if creator else {}

    def _folders(self, at: Address, creator: Creator) -> Blob | None:
        """The directory that a path stands in, made where it is missing; None for the root."""
        above, _, _ = at.name.rpartition("/")
        return self.make_directory(replace(at, name=above), {}, creator) if above else None

    def _replace(
        self,
        at: Address,
        content: str,
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
        check: Check,
        kind: str,
        blocks: tuple[Block, ...],
        creator: Creator | None,
    ) -> Blob:
        now = time.time()
        size = self._contents.path(content).stat().st_size
        try:
            with self._index.lock:
                old = self._index.get(at)
                check(old)
                rights = self._rights(at, old, creator)
                staged = [name for _, name in self._index.staged(at).values()]
                created = old.created if old else now
                blob = Blob(
                    at.name,
                    content,
                    size,
                    self.new_etag(),
                    created,
                    now,
                    kind,
                    {**headers, **rights},
                    dict(metadata),
                    blocks,
                )
                with self._index.transaction():
                    self._index.put(at, blob)
                    if staged:
                        self._index.unstage(at)
        except BaseException:
            self._contents.forget([content])
            raise
        self._contents.forget([*([old.content] if old else []), *staged])
        return blob
