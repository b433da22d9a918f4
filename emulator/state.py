"""Files of the home that must be whole: what is said when one is not. Nothing starts on what is damaged."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 30
CHECKED_BYTES: Final = 64 << 20  # what is larger takes too long; a file that is cut off shows without
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
HEADER_BYTES: Final = 100
MAGIC: Final = b"SQLite format 3\0"
SIDE_FILES: Final = ("-wal", "-shm", "-journal")


class StateError(RuntimeError):
    """A file of the home is damaged or missing; the text names it and says what to do."""


def disk_full(error: BaseException | None) -> str:
    """What the system says when it has no room left, if that is the cause of the error; else ""."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return error.strerror or "No space left on device"
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            return str(error)
        error = error.__cause__
    return ""


def damaged(path: Path, why: object, remedy: str) -> StateError:
    """The error for a file that cannot be used."""
    return StateError(f"{path} is damaged ({str(why).rstrip('.')}). {remedy}")


def refuse_newer(path: Path, version: int) -> None:
    """StateError for a database that a newer emulator has written; nothing of it is changed."""
    found = _version(path)
    if found > version:
        raise StateError(
            f"{path} is of version {found}; this emulator knows version {version} and older ones. Nothing was"
            " started, and nothing in it was changed. Use the newer emulator that wrote it, or set"
            " EMULATOR_HOME to another folder and begin with an empty Azure there."
        )


def _version(path: Path) -> int:
    """The user_version of a database, 0 where there is none or it cannot be read: opening it tells why."""
    found = 0
    if path.exists():
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
        if header.startswith(MAGIC) and len(header) == HEADER_BYTES:
            found = int.from_bytes(header[60:64], "big", signed=True)
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return found
    # A process that was killed has left its last writes there. Only a connection can read them; one that may
    # not write leaves them where they are.
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return int(database.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return found


def open_database(path: Path, schema: str, remedy: str, version: int) -> sqlite3.Connection:
    """A connection, in WAL mode, to the database at ``path``, whole when it exists and made when it does not.

    A new one appears with its tables or not at all, so that an empty file is always a damaged one. One of
    an older version is the caller's to bring up; ``mark`` says that it did.
    StateError, with ``remedy``, when sqlite finds it damaged; and when it is of a newer version.
    """
    refuse_newer(path, version)
    if not path.exists():
        _make(path, schema, version)
    if path.stat().st_size == 0:
        raise damaged(path, "it is empty", remedy)
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=TIMEOUT_S)
    try:
        if path.stat().st_size < CHECKED_BYTES:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found.splitlines()[-1])
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.executescript(schema)
    except sqlite3.OperationalError as error:
        database.close()
        raise StateError(f"{path} cannot be used: {error}.") from error
    except sqlite3.DatabaseError as error:
        database.close()
        raise damaged(path, error, remedy) from error
    return database


def mark(database: sqlite3.Connection, version: int) -> None:
    """Say that a database is of a version, inside of the transaction that brought it there."""
    if database.execute("PRAGMA user_version").fetchone()[0] != version:
        database.execute(f"PRAGMA user_version = {version}")


def _make(path: Path, schema: str, version: int) -> None:
    for side in SIDE_FILES:
        path.with_name(path.name + side).unlink(missing_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    aside.touch(mode=0o600)
    database = sqlite3.connect(aside, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(schema)
        mark(database, version)
    finally:
        database.close()
    try:
        os.link(aside, path)
    except FileExistsError:
        return  # another process was faster
    finally:
        aside.unlink()
