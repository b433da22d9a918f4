"""Who was erased from feature tables: later builds leave out what the sources still say of that time.

Beside the tables stands a list of salted digests of keys, with a time each. Who knows a key can find it
there, and who can guess keys can try them; nobody can read them off.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ml.errors import MlopsError
from ml.features.database import Database, in_words, quoted
from ml.features.definition import FeatureTable
from ml.features.transform import MADE, utc
from ml.lake.files import Files

NAME: Final = "erased.json"


@dataclass(frozen=True, slots=True)
class Erased:
    """digests: of salt and key in hexadecimal; with each the time until which events are left out."""

    salt: str
    digests: tuple[tuple[str, dt.datetime], ...] = ()

    def digest(self, key: str) -> str:
        return hashlib.sha256(f"{self.salt}{key}".encode()).hexdigest()


def read(files: Files, folder: str) -> Erased | None:
    """None: nobody was erased. Raises MlopsError for a list that cannot be read: rows might come back."""
    content = files.read(f"{folder}/{NAME}")
    if content is None:
        return None
    try:
        told = json.loads(content)
        listed = tuple((str(digest), dt.datetime.fromisoformat(at)) for digest, at in told["digests"].items())
        return Erased(str(told["salt"]), listed)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MlopsError(
            f"The list of who was erased, {folder}/{NAME}, cannot be read: {error}.",
            "Restore it: without it a build would bring rows of erased people back.",
        ) from error


def add(files: Files, folder: str, key: str, before: dt.datetime) -> None:
    """Note a key: what the sources say of events until this time is not built again."""
    known = read(files, folder) or Erased(secrets.token_hex(16))
    digests = dict(known.digests)
    digests[known.digest(key)] = before
    told = {"salt": known.salt, "digests": {digest: at.isoformat() for digest, at in digests.items()}}
    files.write(f"{folder}/{NAME}", json.dumps(told, indent=1).encode())


def leave_out(connection: Database, table: FeatureTable, known: Erased | None) -> int:
    """Remove rows of erased people from the relation `made`; how many those were."""
    column = table.person_column
    if known is None or column is None or not known.digests:
        return 0
    rows: Sequence[str] = [f"('{digest}', {utc(at)})" for digest, at in known.digests]
    gone = (
        f"SELECT 1 FROM (VALUES {', '.join(rows)}) AS e(digest, before) WHERE e.digest = "  # noqa: S608
        f"sha2('{known.salt}' || CAST({MADE}.{quoted(column)} AS STRING), 256) "
        f"AND {MADE}.{quoted(table.event_time)} <= e.before"
    )
    with in_words(f"Rows of erased people cannot be left out of {table.name}"):
        before = connection.one(f"SELECT COUNT(*) AS n FROM {MADE}")["n"]  # noqa: S608
        connection.keep(MADE, f"SELECT * FROM {MADE} WHERE NOT EXISTS ({gone})")  # noqa: S608
        after = connection.one(f"SELECT COUNT(*) AS n FROM {MADE}")["n"]  # noqa: S608
    return int(before) - int(after)
