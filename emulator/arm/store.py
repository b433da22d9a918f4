"""The one place that keeps state: ARM resources and the services' own documents, in one sqlite file."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from cryptography.fernet import Fernet

from emulator.arm.ids import fold, parse
from emulator.arm.linked import linked
from emulator.home import Home, write_aside
from emulator.state import damaged, mark, open_database

SCHEMA = """
CREATE TABLE IF NOT EXISTS resource (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, collection TEXT NOT NULL,
    sequence INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resource_collection ON resource (collection, sequence);
CREATE INDEX IF NOT EXISTS resource_type ON resource (type, key);
CREATE INDEX IF NOT EXISTS resource_sequence ON resource (sequence);
CREATE INDEX IF NOT EXISTS resource_name ON resource (type, LOWER(json_extract(body, '$.name')));
CREATE TABLE IF NOT EXISTS link (
    target TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (target, source)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_source ON link (source);
CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, key TEXT NOT NULL, sealed INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID;
"""
LITERAL = re.compile(r"[A-Za-z][A-Za-z0-9./]*")
VERSION = 1  # of the database: from 1 on the links are kept

REMEDY = (
    "Nothing was started. Put a copy of the whole folder {home} back, or move the folder away and begin with "
    "an empty Azure: mv {home} {home}.damaged && python -m emulator up"
)


def _range(prefix: str) -> tuple[str, str]:
    """The half-open range of the keys strictly under ``prefix``: "0" follows "/" in ASCII."""
    return f"{prefix}/", f"{prefix}0"


class Store:
    """Thread-safe. Every write is committed before the call returns; a killed process loses none of them."""

    def __init__(self, home: Home) -> None:
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._sealer = _sealer(home)
        self._db = open_database(home.database, SCHEMA, REMEDY.format(home=home.root), VERSION)
        self._sequence = int(self._one("SELECT COALESCE(MAX(sequence), 0) FROM resource")[0])
        self._revisions: Counter[str] = Counter()
        self._written: set[str] = set()  # types, in the open transaction
        self._waiting: list[Callable[[], None]] = []  # for its commit
        self._depth = 0
        self._keep_links()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All writes inside are kept, or none of them. One inside of another is kept with that one."""
        with self._lock:
            waiting, savepoint = len(self._waiting), f"depth{self._depth}"
            self._db.execute(f"SAVEPOINT {savepoint}" if self._depth else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self._db.execute(f"RELEASE {savepoint}" if self._depth > 1 else "COMMIT")
            except BaseException:
                if self._depth > 1:
                    self._db.execute(f"ROLLBACK TO {savepoint}")
                    self._db.execute(f"RELEASE {savepoint}")
                elif self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                del self._waiting[waiting:]
                # what was read inside, and kept in a cache, never was
                self._revisions.update(self._written)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._written.clear()
            if self._depth:
                return
            committed, self._waiting = self._waiting, []
        for function in committed:
            function()

    def after_commit(self, function: Callable[[], None]) -> None:
        """Call it once the outermost transaction that is open in this thread is committed; at once when there
        is none, never when it is rolled back."""
        with self._lock:
            if self._depth:
                self._waiting.append(function)
                return
        function()

    def _changed(self, arm_type: str) -> None:
        self._revisions[arm_type] += 1
        if self._depth:
            self._written.add(arm_type)

    # resources

    def get(self, resource_id: str) -> dict[str, Any] | None:
        """The resource, or None."""
        with self._lock:
            row = self._one("SELECT body FROM resource WHERE key = ?", fold(resource_id))
        return json.loads(row[0]) if row else None

    def put(self, resource_id: str, body: dict[str, Any]) -> None:
        """Write the resource; an existing one keeps the spelling of its id and its place in the order."""
        parsed = parse(resource_id)
        if parsed is None or parsed.is_collection:
            raise ValueError(f"not an ARM resource id: {resource_id!r}")
        key = fold(resource_id)
        with self._whole():
            row = self._one("SELECT id FROM resource WHERE key = ?", key)
            text = json.dumps({**body, "id": row[0] if row else parsed.text}, separators=(",", ":"))
            if row:
                self._db.execute("UPDATE resource SET body = ? WHERE key = ?", (text, key))
            else:
                self._sequence += 1
                collection = key.rsplit("/", 1)[0]
                self._db.execute(
                    "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?)",
                    (key, parsed.text, parsed.type.lower(), collection, self._sequence, text),
                )
            self._link(key, body)
            self._changed(parsed.type.lower())

    def delete(self, resource_id: str) -> list[str]:
        """Delete the resource and all that lies under it; the ids that went, innermost first."""
        key = fold(resource_id)
        low, high = _range(key)
        where = "key = ? OR (key >= ? AND key < ?)"
        with self._whole():
            rows = self._all(f"SELECT id, type FROM resource WHERE {where} ORDER BY sequence", key, low, high)  # noqa: S608
            self._db.execute(f"DELETE FROM resource WHERE {where}", (key, low, high))  # noqa: S608
            self._db.execute(
                "DELETE FROM link WHERE source = ? OR (source >= ? AND source < ?)", (key, low, high)
            )
            for _, arm_type in rows:
                self._changed(arm_type)
        return [row[0] for row in reversed(rows)]

    def children(self, collection_id: str) -> list[dict[str, Any]]:
        """The direct members of a collection such as ``…/storageAccounts``, oldest first."""
        with self._lock:
            rows = self._all(
                "SELECT body FROM resource WHERE collection = ? ORDER BY sequence", fold(collection_id)
            )
        return [json.loads(row[0]) for row in rows]

    def subtree(self, resource_id: str) -> list[dict[str, Any]]:
        """All resources strictly under an id, oldest first."""
        with self._lock:
            rows = self._all(
                "SELECT body FROM resource WHERE key >= ? AND key < ? ORDER BY sequence",
                *_range(fold(resource_id)),
            )
        return [json.loads(row[0]) for row in rows]

    def by_type(self, arm_type: str, scope: str = "") -> list[dict[str, Any]]:
        """All resources of a type under a scope (the tenant when empty), oldest first."""
        query = "SELECT body FROM resource WHERE type = ?"
        arguments: list[str] = [arm_type.lower()]
        if scope.rstrip("/"):
            query += " AND key >= ? AND key < ?"
            arguments += _range(fold(scope))
        with self._lock:
            rows = self._all(f"{query} ORDER BY sequence", *arguments)
        return [json.loads(row[0]) for row in rows]

    def users(self, resource_id: str, arm_type: str = "") -> list[dict[str, Any]]:
        """The resources in whose bodies the id stands (not in their tags), oldest first; of a type alone."""
        query = "SELECT body FROM link JOIN resource ON resource.key = link.source WHERE link.target = ?"
        arguments = [fold(resource_id)]
        if arm_type:
            query += " AND resource.type = ?"
            arguments.append(arm_type.lower())
        with self._lock:
            rows = self._all(f"{query} ORDER BY sequence", *arguments)
        return [json.loads(row[0]) for row in rows]

    def named(self, arm_type: str, name: str) -> list[dict[str, Any]]:
        """The resources of a type with a name, wherever they are, oldest first."""
        with self._lock:
            rows = self._all(
                "SELECT body FROM resource WHERE type = ? AND LOWER(json_extract(body, '$.name')) = ? "
                "ORDER BY sequence",
                arm_type.lower(),
                name.lower(),
            )
        return [json.loads(row[0]) for row in rows]

    def index(self, arm_type: str, path: str) -> None:
        """Let ``holding`` find resources of the type by the value at a path such as ``properties.fqdn``."""
        expression, condition = _value(arm_type, path)
        name = hashlib.sha256(f"{arm_type.lower()} {path}".encode()).hexdigest()[:16]
        with self._lock:
            self._db.execute(
                f"CREATE INDEX IF NOT EXISTS value_{name} ON resource ({expression}) WHERE {condition}"
            )

    def holding(self, arm_type: str, path: str, value: str) -> list[dict[str, Any]]:
        """The resources of a type with a value at a path that is indexed, oldest first."""
        expression, condition = _value(arm_type, path)
        with self._lock:
            rows = self._all(
                f"SELECT body FROM resource WHERE {condition} AND {expression} = ? ORDER BY sequence",  # noqa: S608
                value,
            )
        return [json.loads(row[0]) for row in rows]

    def types(self) -> dict[str, int]:
        """How many resources there are of each type (lower case)."""
        with self._lock:
            return dict(self._all("SELECT type, COUNT(*) FROM resource GROUP BY type ORDER BY type"))

    def count(self, arm_type: str) -> int:
        """How many resources of a type there are."""
        with self._lock:
            return self._one("SELECT COUNT(*) FROM resource WHERE type = ?", arm_type.lower())[0]

    def revision(self, arm_type: str) -> int:
        """A number that grows with every write to a resource of the type in this process: for caches."""
        return self._revisions[arm_type.lower()]

    # documents

    def document(self, kind: str, key: str) -> Any | None:
        """A service's own document, or None."""
        with self._lock:
            row = self._one("SELECT sealed, value FROM document WHERE kind = ? AND key = ?", kind, key)
        return self._open(row[0], row[1]) if row else None

    def put_document(self, kind: str, key: str, value: Any, secret: bool = False) -> None:
        """Write a document (JSON); ``secret`` encrypts it at rest."""
        data = json.dumps(value, separators=(",", ":")).encode()
        with self._lock:
            self._db.execute(
                "INSERT INTO document VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET sealed = excluded.sealed, value = excluded.value",
                (kind, key, int(secret), self._sealer.encrypt(data) if secret else data),
            )

    def delete_document(self, kind: str, key: str) -> None:
        """Delete a document; nothing happens when there is none."""
        with self._lock:
            self._db.execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, key))

    def documents(self, kind: str, prefix: str = "") -> dict[str, Any]:
        """The documents of a kind whose key starts with ``prefix``, by key in order."""
        with self._lock:
            rows = self._all(
                "SELECT key, sealed, value FROM document WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY "
                "key",
                kind,
                len(prefix),
                prefix,
            )
        return {row[0]: self._open(row[1], row[2]) for row in rows}

    @contextmanager
    def _whole(self) -> Generator[None]:
        """The lock, and a transaction unless one is open: for writes of several statements."""
        with self._lock:
            if self._depth:
                yield
            else:
                with self.transaction():
                    yield

    def _link(self, key: str, body: dict[str, Any]) -> None:
        self._db.execute("DELETE FROM link WHERE source = ?", (key,))
        self._db.executemany(
            "INSERT INTO link VALUES (?, ?)",
            [(target, key) for target in {fold(text) for _, text in linked(body)}],
        )

    def _keep_links(self) -> None:
        """Of a database that was written before there were links, read them once."""
        if self._one("PRAGMA user_version")[0] >= VERSION:
            return
        with self.transaction():
            for key, body in self._all("SELECT key, body FROM resource"):
                self._link(key, json.loads(body))
            mark(self._db, VERSION)

    def _open(self, sealed: int, value: bytes) -> Any:
        return json.loads(self._sealer.decrypt(value) if sealed else value)

    def _one(self, query: str, *arguments: Any) -> Any:
        return self._db.execute(query, arguments).fetchone()

    def _all(self, query: str, *arguments: Any) -> list[Any]:
        return self._db.execute(query, arguments).fetchall()


def _value(arm_type: str, path: str) -> tuple[str, str]:
    """The SQL of a value and of its type's rows: literals, as an index of an expression needs them."""
    if not LITERAL.fullmatch(arm_type) or not LITERAL.fullmatch(path):
        raise ValueError(f"{arm_type!r}, {path!r}: letters, digits, '.' and '/' are needed")
    return f"json_extract(body, '$.{path}')", f"type = '{arm_type.lower()}'"


def _sealer(home: Home) -> Fernet:
    remedy = "What it sealed is lost with it. " + REMEDY.format(home=home.root)
    if not home.sealing_key.exists():
        if home.database.exists():
            raise damaged(home.sealing_key, "it is missing, but its database is there", remedy)
        write_aside(home.sealing_key, Fernet.generate_key())
    try:
        return Fernet(home.sealing_key.read_bytes())
    except ValueError as error:
        raise damaged(home.sealing_key, error, remedy) from error
