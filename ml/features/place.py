"""Where the tables of a definition are: a folder each, by name and version, with what they were made by."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from ml.batch.places import Place
from ml.errors import MlopsError
from ml.features import erased
from ml.features.database import Database, Stored
from ml.features.definition import FeatureTable
from ml.features.transform import HISTORY, LATEST
from ml.lake import datasets, tables
from ml.lake.arrow import ArrowSchema
from ml.lake.table_place import files_at

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from deltalake import DeltaTable

CONTAINER: Final = "tables"  # of the data lake
FOLDER: Final = "features"
RECORD: Final = "definition.json"
LOCAL: Final = "file://"
BUILT: Final = "built"  # what both tables record: the build, as microseconds since 1970


@dataclass(frozen=True, slots=True)
class Opened:
    """The two tables. built: the last build that both have; torn: the latest rows are of an earlier one.

    digest: of the definition that they were made by.
    """

    history: DeltaTable
    latest: DeltaTable
    built: dt.datetime | None
    torn: bool
    digest: str

    def schema(self) -> ArrowSchema:
        return tables.columns(self.history)


@dataclass(frozen=True, slots=True)
class Features:
    """where: a local folder, or an address in the data lake."""

    where: str
    credential: TokenCredential | None = None

    def folder(self, table: FeatureTable) -> str:
        return f"{self.where.rstrip('/')}/{table.name}/v{table.version}"

    def erased(self) -> erased.Erased | None:
        """Who was erased; None: nobody."""
        return erased.read(*files_at(self.where, self.credential))

    def open(self, table: FeatureTable) -> Opened | None:
        """None: it was never built, or a first build was killed before it wrote rows. Raises MlopsError where
        a part is gone of what was built: its rows as of past times would be made up anew."""
        folder = self.folder(table)
        history = tables.open_table(f"{folder}/{HISTORY}", self.credential)
        latest = tables.open_table(f"{folder}/{LATEST}", self.credential)
        place = Place(folder, self.credential)
        recorded = place.exists(RECORD)
        if history is None or latest is None or not recorded:
            there = ((HISTORY, history is not None), (LATEST, latest is not None), (RECORD, recorded))
            lacking = ", ".join(name for name, is_there in there if not is_there)
            if any(one is not None and tables.recorded(one, BUILT) is not None for one in (history, latest)):
                raise MlopsError(
                    f"{folder} lacks {lacking}, and was built before.",
                    "Restore it, or write the next version.",
                )
            return None
        digest = str(json.loads(place.read(RECORD))["digest"])
        built, served = tables.recorded(history, BUILT), tables.recorded(latest, BUILT)
        when = None if built is None else dt.datetime.fromtimestamp(built / 1_000_000, dt.UTC)
        return Opened(history, latest, when, built != served, digest)

    def make(self, table: FeatureTable, schema: ArrowSchema) -> Opened:
        """Make the two tables, empty, or go on with those that are there."""
        folder = self.folder(table)
        for name in (HISTORY, LATEST):
            tables.make_table(f"{folder}/{name}", schema, self.credential, description=table.title)
        record = {"digest": table.digest, "definition": table.model_dump(mode="json")}
        Place(folder, self.credential).write(RECORD, json.dumps(record, indent=1).encode())
        opened = self.open(table)
        if opened is None:
            raise MlopsError(f"{folder} has gone while it was made.", "Run the command again.")
        return opened


def register(connection: Database, name: str, table: DeltaTable) -> None:
    """Let statements read a table by a name."""
    connection.read(name, stored(table))


def stored(table: DeltaTable) -> Stored:
    """The files of the version that was opened."""
    return Stored(folder_of(table), datasets.dataset(table))


def folder_of(table: DeltaTable) -> str:
    """Where a table is, as a path or an address in the lake."""
    uri = table.table_uri
    return unquote(uri.removeprefix(LOCAL)) if uri.startswith(LOCAL) else uri


def of_estate(environment: str, data_lake: str | None, given: str | None) -> str:
    """Where an environment has its feature tables. Raises MlopsError where that is nowhere."""
    if given is not None:
        return given
    if data_lake is None:
        raise MlopsError(
            f"The estate {environment} has no data lake.", "Give --tables, or `dataLake` in its stack file."
        )
    return tables.address(data_lake, CONTAINER, FOLDER)
