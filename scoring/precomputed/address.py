"""Where predictions by key are kept: a PostgreSQL server, or a file of SQLite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

PORT: Final = 5432
SCHEMA: Final = "precomputed"  # of the server's database, that holds the tables
EXPECTED: Final = "expected postgresql://USER@HOST/DATABASE or sqlite:///PATH"
_NAME: Final = re.compile(r"[\w.@ -]{1,128}")  # a role of Microsoft Entra ID has its name: groups have spaces
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


class AddressError(ValueError):
    """The text is no address of a database; the text of the error never holds a password."""


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server. Nobody has a password there: `user` signs in by a token, over TLS."""

    user: str
    host: str
    port: int
    database: str

    @property
    def words(self) -> str:
        return f"{self.database} on {self.host}"


@dataclass(frozen=True, slots=True)
class File:
    """A database of SQLite on this machine."""

    path: str

    @property
    def words(self) -> str:
        return self.path


Address = Server | File


def parse(text: str) -> Address:
    """Raises AddressError."""
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
    except ValueError as error:
        raise AddressError(EXPECTED) from error
    if parts.password is not None:
        raise AddressError(f"a password stands in it, and sign-in is by token alone: {EXPECTED}")
    if parts.query or parts.fragment:
        raise AddressError(f"nothing may follow the name of the database: {EXPECTED}")
    path = unquote(parts.path)
    if parts.scheme == "sqlite" and not parts.netloc and len(path) > 1:
        return File(path)
    user, database, host = unquote(parts.username or ""), path.removeprefix("/"), parts.hostname or ""
    named = _NAME.fullmatch(user) and _NAME.fullmatch(database) and _HOST.fullmatch(host)
    if parts.scheme != "postgresql" or not named:
        raise AddressError(EXPECTED)
    return Server(user, host, port, database)
