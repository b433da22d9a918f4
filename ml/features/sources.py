"""The tables that transformations read: Parquet or Delta, here or in the data lake, as Arrow datasets."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml.batch.places import Place, is_lake
from ml.errors import MlopsError
from ml.features.database import Database, Stored, in_words, quoted
from ml.features.definition import FeatureTable, Source
from ml.features.transform import instant, utc
from ml.lake import datasets, tables

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

LAKE: Final = "lake://"
WORD: Final = re.compile(r"\w+")
RAW: Final = " all"  # what the name of unfiltered rows ends with; no source has a space in its own


@dataclass(frozen=True, slots=True)
class Sources:
    """root: the checkout. given: other places of sources, by data set. fetch: a local copy of what is neither
    here nor in a lake; None: such addresses are refused."""

    root: Path
    data_lake: str | None = None
    credential: TokenCredential | None = None
    given: Mapping[str, str] | None = None
    fetch: Callable[[str], Path] | None = None

    def where(self, source: Source) -> str:
        """The place of a source in this environment. Raises MlopsError."""
        said = (self.given or {}).get(source.data_set, source.where)
        if said.startswith(LAKE):
            if self.data_lake is None:
                raise MlopsError(
                    f"The source {said} is in a data lake, and this environment has none.",
                    "Give another place with --source, or `dataLake` in its stack file.",
                )
            container, _, path = said.removeprefix(LAKE).partition("/")
            return tables.address(self.data_lake, container, path)
        if is_lake(said) or Path(said).is_absolute():
            return said
        if "://" in said or said.startswith("azureml:"):
            if self.fetch is None:
                raise MlopsError(f"The source {said} cannot be fetched here.", "Give a path or abfss://.")
            return str(self.fetch(said))
        return str(self.root / said)

    def stored(self, source: Source) -> Stored:
        """Raises MlopsError for what is neither Parquet nor Delta, or is not there."""
        return stored(self.where(source), self.credential)

    def register(self, connection: Database, table: FeatureTable, since: dt.datetime | None) -> None:
        """Let the transformation read its sources by name; of those with a time, rows since then."""
        for name, source in table.sources.items():
            rows = self.stored(source)
            named = {source.time, *WORD.findall(table.transformation.sql.lower())}
            columns = [column for column in rows.rows.schema.names if column.lower() in named]
            with in_words(f"The source {name} of {table.name} cannot be read"):
                if since is None or source.time is None:
                    connection.read(name, rows, columns)
                    continue
                connection.read(name + RAW, rows, columns)
                connection.view(
                    name,
                    f"SELECT * FROM {quoted(name + RAW)} "  # noqa: S608
                    f"WHERE {instant(quoted(source.time))} >= {utc(since)}",
                )


@dataclass(frozen=True, slots=True)
class Outside:
    """A source that is not in a data lake."""

    table: str
    data_set: str
    where: str


def first_outside(tables: Iterable[FeatureTable], given: Mapping[str, str]) -> Outside | None:
    """What a job cannot read of the tables' sources. given: other places of sources, by data set."""
    for table in tables:
        for source in table.sources.values():
            where = given.get(source.data_set, source.where)
            if not where.startswith(LAKE) and not is_lake(where):
                return Outside(table.name, source.data_set, where)
    return None


def stored(where: str, credential: TokenCredential | None) -> Stored:
    """A Delta table's latest version, or Parquet files. Raises MlopsError."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    table = None if where.endswith(".parquet") else tables.open_table(where, credential)
    if table is not None:
        return Stored(where, datasets.dataset(table))
    folder, _, name = where.rpartition("/") if where.endswith(".parquet") else (where, "", "")
    place = Place(folder or ".", credential)
    names = [name] if name else [one for one in place.names() if one.endswith(".parquet")]
    if not names or not place.exists(names[0]):
        raise MlopsError(f"{where} is neither a Delta table nor Parquet.", "Give one of both.")
    try:
        return Stored(place.where, ds.dataset(names, format="parquet", filesystem=place.files))
    except (pa.ArrowInvalid, OSError) as error:
        raise MlopsError(
            f"{where} cannot be read as Parquet: {str(error).splitlines()[0]}", "Write it anew."
        ) from error
