"""Files of the home that must be whole: what is said when one is not. Nothing starts on what is damaged."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 30
CHECKED_BYTES: Final = 64 << 20  # what is larger takes too long; a file that is cut off shows without
SIDE_FILES: Final = ("-wal", "-shm", "-journal")


class StateError(RuntimeError):
    """A file of the home is damaged or missing; the text names it and says what to do."""


def damaged(path: Path, why: object, remedy: str) -> StateError:
    """The error for a file that cannot be used."""
    return StateError(f"{path} is damaged ({str(why).rstrip('.')}). {remedy}")


def open_database(path: Path, schema: str, remedy: str) -> sqlite3.Connection:
    """A connection, in WAL mode, to the database at ``path``, whole when it exists and made when it does not.

    A new one appears with its tables or not at all, so that an empty file is always a damaged one.
    StateError, with ``remedy``, when sqlite finds it damaged.
    """
    if not path.exists():
        _make(path, schema)
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


def _make(path: Path, schema: str) -> None:
    for side in SIDE_FILES:
        path.with_name(path.name + side).unlink(missing_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    aside.touch(mode=0o600)
    database = sqlite3.connect(aside, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(schema)
    finally:
        database.close()
    try:
        os.link(aside, path)
    except FileExistsError:
        return  # another process was faster
    finally:
        aside.unlink()
