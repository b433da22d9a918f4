"""The index of blobs: one sqlite file beside the contents. A blob changes when its row changes, at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.state import mark, open_database
from emulator.storage.model import Address, Blob, Block, after

SCHEMA = """
CREATE TABLE IF NOT EXISTS blob (
    account TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    size INTEGER NOT NULL, etag INTEGER NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    kind TEXT NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL, blocks TEXT NOT NULL,
    PRIMARY KEY (account, container, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staged (
    account TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL,
    content TEXT NOT NULL, size INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (account, container, name, id)) WITHOUT ROWID;
"""
COLUMNS = "name, content, size, etag, created, modified, kind, headers, metadata, blocks"
REMEDY = (
    "Nothing was started: without it no blob has a name. Put a copy of the whole home back, or move the home "
    "away and begin with an empty Azure."
)
VERSION = 1  # of the database; 0 had the same tables and did not say so
ONE = "account = ? AND container = ? AND name = ?"


class Index:
    """Rows of blobs and of staged (uncommitted) blocks. One connection under a lock; a call takes ~0.1 ms."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._db = open_database(path, SCHEMA, REMEDY, VERSION)
        mark(self._db, VERSION)

    def close(self) -> None:
        with self.lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All writes inside are kept, or none; other threads wait."""
        with self.lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def get(self, at: Address) -> Blob | None:
        with self.lock:
            row = self._db.execute(f"SELECT {COLUMNS} FROM blob WHERE {ONE}", _key(at)).fetchone()  # noqa: S608
        return _blob(row) if row else None

    def put(self, at: Address, blob: Blob) -> None:
        values = (
            *_key(at),
            blob.content,
            blob.size,
            blob.etag_number,
            blob.created,
            blob.modified,
            blob.kind,
            json.dumps(dict(blob.headers)),
            json.dumps(dict(blob.metadata)),
            json.dumps([[block.id, block.size] for block in blob.blocks]),
        )
        with self.lock:
            self._db.execute("INSERT OR REPLACE INTO blob VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", values)

    def delete(self, at: Address) -> None:
        with self.lock:
            self._db.execute(f"DELETE FROM blob WHERE {ONE}", _key(at))  # noqa: S608

    def names_from(self, account: str, container: str, start: str, prefix: str, limit: int) -> list[Blob]:
        """Up to ``limit`` blobs whose name starts with ``prefix`` and is not before ``start``, in order."""
        query = f"SELECT {COLUMNS} FROM blob WHERE account = ? AND container = ? AND name >= ?"  # noqa: S608
        arguments: list[Any] = [account, container, max(start, prefix)]
        end = after(prefix)
        if end is not None:
            query += " AND name < ?"
            arguments.append(end)
        with self.lock:
            rows = self._db.execute(f"{query} ORDER BY name LIMIT ?", [*arguments, limit]).fetchall()
        return [_blob(row) for row in rows]

    def last_etag(self) -> int:
        with self.lock:
            return int(self._db.execute("SELECT COALESCE(MAX(etag), 0) FROM blob").fetchone()[0])

    # staged blocks

    def stage(self, at: Address, block: Block, content: str) -> str | None:
        """Keep a staged block; the content that it replaces."""
        with self.lock:
            old = self._db.execute(
                f"SELECT content, position FROM staged WHERE {ONE} AND id = ?",  # noqa: S608
                (*_key(at), block.id),
            ).fetchone()
            position = (
                old[1]
                if old
                else self._db.execute(
                    f"SELECT COALESCE(MAX(position), 0) + 1 FROM staged WHERE {ONE}",  # noqa: S608
                    _key(at),
                ).fetchone()[0]
            )
            self._db.execute(
                "INSERT OR REPLACE INTO staged VALUES (?,?,?,?,?,?,?)",
                (*_key(at), block.id, content, block.size, position),
            )
        return old[0] if old else None

    def staged(self, at: Address) -> dict[str, tuple[Block, str]]:
        """The staged blocks by id, in the order of their staging, each with its content."""
        with self.lock:
            rows = self._db.execute(
                f"SELECT id, size, content FROM staged WHERE {ONE} ORDER BY position",  # noqa: S608
                _key(at),
            ).fetchall()
        return {row[0]: (Block(row[0], row[1]), row[2]) for row in rows}

    def unstage(self, at: Address) -> None:
        with self.lock:
            self._db.execute(f"DELETE FROM staged WHERE {ONE}", _key(at))  # noqa: S608

    # whole containers and accounts

    def drop(self, account: str, container: str | None) -> list[str]:
        """Forget a container, or a whole account; the contents that nothing refers to any more."""
        where, arguments = "account = ?", [account]
        if container is not None:
            where, arguments = "account = ? AND container = ?", [account, container]
        gone: list[str] = []
        with self.transaction():
            for table in ("blob", "staged"):
                rows = self._db.execute(f"SELECT content FROM {table} WHERE {where}", arguments)  # noqa: S608
                gone += [row[0] for row in rows]
                self._db.execute(f"DELETE FROM {table} WHERE {where}", arguments)  # noqa: S608
        return gone

    def contents(self) -> set[str]:
        """Every content that a row refers to."""
        with self.lock:
            rows = self._db.execute("SELECT content FROM blob UNION SELECT content FROM staged").fetchall()
        return {row[0] for row in rows}


def _key(at: Address) -> tuple[str, str, str]:
    return at.account, at.container, at.name


def _blob(row: tuple[Any, ...]) -> Blob:
    name, content, size, etag, created, modified, kind, headers, metadata, blocks = row
    return Blob(
        name,
        content,
        size,
        etag,
        created,
        modified,
        kind,
        json.loads(headers),
        json.loads(metadata),
        tuple(Block(*block) for block in json.loads(blocks)),
    )
