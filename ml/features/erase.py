"""One person's rows leave the feature tables: of all definitions and versions that were ever built."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Final

from ml.errors import MlopsError
from ml.features import erased
from ml.features.definition import person_column
from ml.features.place import RECORD
from ml.features.transform import HISTORY, LATEST
from ml.lake import lease, tables
from ml.lake.each import each
from ml.lake.files import Files
from ml.lake.table_place import (
    ATTEMPTS,
    Going,
    TablePlace,
    as_held,
    counted,
    files_at,
    of_value,
    rewritten,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

LIST_S: Final = 120.0  # to wait for another erasure: one that was killed leaves the list for 60 s


def erase(where: str, key: str, record: str, before: dt.datetime, credential: TokenCredential | None) -> int:
    """Erase the rows of a person; how many of all rows those were. Rows as of a past time lack them, too.

    where: the folder of the tables. record: the id of the erasure's record. before: events until then are not
    built again, whatever the sources say. Raises MlopsError, once each table was tried.
    """
    files, folder = files_at(where, credential)
    # Also where nothing was built yet: the sources have the person, and a first build would take the rows.
    with lease.held(where, credential, LIST_S):
        erased.add(files, folder, key, before)

    def of_table(name: str) -> int:
        column = _person_of(files, name)
        if column is None:
            return 0
        own, rows = name.removesuffix(f"/{RECORD}").removeprefix(f"{folder}/"), 0
        for table in (HISTORY, LATEST):
            place = TablePlace(f"{where}/{own}/{table}", f"{folder}/{own}/{table}", files, credential)
            opened = place.open()
            if opened is None:
                continue
            value = as_held(tables.columns(opened).field(column).type, key)
            if value is not None:
                _cleared(place, record, of_value(column, value))
            place.delete_old_versions(0)
            rows += counted(place, record) if table == HISTORY else 0
        return rows

    done = each([name for name in files.names(f"{folder}/") if name.endswith(f"/{RECORD}")], of_table)
    if len(done.failed) == 1:
        raise next(iter(done.failed.values()))
    if done.failed:
        raise MlopsError(
            f"{len(done.failed)} feature tables were not reached: {done.words()}",
            "Run the same command again: the others are done.",
        )
    return sum(done.rows.values())


def _cleared(place: TablePlace, record: str, going: Going) -> None:
    """Rewrite the table without the rows, and in any case change it: a build that read the list of who was
    erased before this has rows of the person in hand, and is refused because the table has changed."""
    for _ in range(ATTEMPTS):
        opened = place.open()
        if opened is None or rewritten(place, record, going):
            return
        try:
            tables.publish(opened, [], taken={})
        except tables.TableChangedError:
            continue
        return
    raise MlopsError(
        f"The table {place.folder} was changed by others at each of {ATTEMPTS} attempts to write to it.",
        "See who builds it; run the same command again: it goes on from here.",
    )


def _person_of(files: Files, name: str) -> str | None:
    """The column that names people, of the definition that a table was made by. Raises MlopsError."""
    content = files.read(name)
    try:
        told = json.loads(content or b"")["definition"]
        return person_column(told["key"], told.get("person"), told["personal"])
    except (ValueError, KeyError, TypeError) as error:
        raise MlopsError(
            f"{name} does not say which column of its table names people: {str(error).splitlines()[0]}.",
            "Erase the person's rows from history and latest beside it by hand.",
        ) from error
