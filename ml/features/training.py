"""A training set: a spine's rows with features as of each row's time, in a file that says what made it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.content import sha256_of_file
from ml.errors import MlopsError
from ml.features.database import Opening, in_words, listed, quoted
from ml.features.definition import FOLDER, SPINE, FeatureTable, Reader, chosen, read
from ml.features.engine import engine
from ml.features.join import Wanted, as_of, check_spine, types
from ml.features.made_of import MADE_OF
from ml.features.place import Features, Opened, register
from ml.features.sources import stored


@dataclass(frozen=True, slots=True)
class Choice:
    """Features of one table; all of them where none is named."""

    table: FeatureTable
    features: tuple[str, ...]


def choices(given: Sequence[str], folder: Path = FOLDER, by: Reader = read) -> list[Choice]:
    """TABLE or TABLE:FEATURE,FEATURE each. by: as in `chosen`. Raises MlopsError for what is not defined."""
    found: list[Choice] = []
    for each in given:
        name, _, features = each.partition(":")
        (table,) = chosen([name], folder, by)
        wanted = tuple(filter(None, features.split(","))) or tuple(table.features)
        if unknown := [feature for feature in wanted if feature not in table.features]:
            raise MlopsError(
                f"{name} has no feature {', '.join(unknown)}.", f"It has {', '.join(table.features)}."
            )
        found.append(Choice(table, wanted))
    if not found:
        raise MlopsError("No features are named.", "Name at least one table: --features TABLE.")
    return found


def usable(features: Features, table: FeatureTable) -> Opened:
    """The tables of a definition, built and of this definition. Raises MlopsError."""
    opened = features.open(table)
    if opened is None or opened.built is None:
        raise MlopsError(
            f"{table.name} (version {table.version}) was not built in {features.where}.",
            f"Run `mlops features build {table.name}`.",
        )
    if opened.digest != table.digest:
        raise MlopsError(
            f"{table.name} was built by another definition of version {table.version}.",
            f"Write the next version into {table.name}.toml and build it.",
        )
    return opened


def make(
    spine: str,
    time: str,
    wanted: Sequence[Choice],
    features: Features,
    to: Path,
    memory_gb: float = 2.0,
    drop: Sequence[str] = (),
    database: Opening | None = None,
) -> dict[str, Any]:
    """Write the training set, and answer what made it, which the file's metadata say too.

    drop: columns that it is not to have. spine: Parquet or Delta, with the tables' keys and the column
    `time`, which is when each row was asked. Rows are in the order of their keys and times, and where
    these are the same of all columns that are kept, so that the same rows are the same file.
    database: opens what joins; None: DuckDB on this machine, within memory_gb.
    Raises MlopsError.
    """
    opened = {choice.table.name: usable(features, choice.table) for choice in wanted}
    with database() if database else engine(memory_gb) as connection:
        connection.read(SPINE, stored(spine, features.credential))
        for name, table in opened.items():
            register(connection, name, table.history)
        asked = [Wanted(choice.table, choice.features, choice.table.name) for choice in wanted]
        check_spine(connection, asked, time)
        made = {
            "spine": _spine_of(spine),
            "time": time,
            "tables": {
                choice.table.name: {
                    "version": choice.table.version,
                    "definition": choice.table.digest,
                    "built": _iso(opened[choice.table.name].built),
                    "delta_version": opened[choice.table.name].history.version(),
                    "features": list(choice.features),
                }
                for choice in wanted
            },
        }
        columns = [*types(connection, SPINE), *(name for choice in wanted for name in choice.features)]
        if unknown := [name for name in drop if name not in columns]:
            raise MlopsError(f"There is no column {', '.join(unknown)} to drop.", "Leave it out.")
        kept = [name for name in columns if name not in drop]
        keys = [key for choice in wanted for key in choice.table.key]
        order = ", ".join(f"{quoted(name)} NULLS LAST" for name in dict.fromkeys([*keys, time, *kept]))
        joined = as_of(asked, time, windows=connection.windows)
        sql = f"SELECT {listed(kept)} FROM ({joined}) ORDER BY {order}"  # noqa: S608
        with in_words("The features cannot be joined"):
            rows = _write(connection.batches(sql), made, to)
    return {"rows": rows, "columns": kept, "file": str(to), "made_of": made}


def _iso(time: dt.datetime | None) -> str:
    return "" if time is None else time.isoformat()


def _spine_of(spine: str) -> str:
    """What names its content: a file's SHA-256; else only its place can be said."""
    path = Path(spine)
    return f"sha256:{sha256_of_file(path)}" if path.is_file() else spine


def _write(rows: Any, made: Mapping[str, Any], to: Path) -> int:
    """The file appears whole or not at all; a row group is a part that the engine answers."""
    import pyarrow.parquet as pq

    part, count = to.with_name(f"{to.name}.partial"), 0
    to.parent.mkdir(parents=True, exist_ok=True)
    writer: Any = None
    try:
        for batch in rows:
            if writer is None:
                said = {MADE_OF: json.dumps(made, sort_keys=True).encode()}
                schema = batch.schema.with_metadata(said)
                writer = pq.ParquetWriter(part, schema, compression="zstd")
            writer.write_batch(batch)
            count += batch.num_rows
        if writer is not None:
            writer.close()
    except BaseException:
        if writer is not None:
            writer.close()
        part.unlink(missing_ok=True)
        raise
    if writer is None:
        raise MlopsError("The spine has no rows.", "Give one with rows.")
    part.replace(to)
    return count


def serving(
    keys: Sequence[Mapping[str, Any]],
    wanted: Sequence[Choice],
    features: Features,
    now: dt.datetime,
    memory_gb: float = 2.0,
) -> list[dict[str, Any]]:
    """The latest features of some keys, in their order: the join of training, over the latest rows, at `now`.

    Raises MlopsError for a table that was built later than `now`: its latest rows are not those of then.
    """
    import pyarrow as pa

    opened = {choice.table.name: usable(features, choice.table) for choice in wanted}
    for name, table in opened.items():
        if table.torn:
            raise MlopsError(f"The last build of {name} did not end.", f"Run `mlops features build {name}`.")
        if table.built is not None and now < table.built:
            raise MlopsError(f"{name} was built after {now}.", "Ask as of now, or make a training set.")
    rows = [{"_row": number, **row, "_now": now} for number, row in enumerate(keys)]
    asked = [Wanted(choice.table, choice.features, choice.table.name) for choice in wanted]
    with engine(memory_gb) as connection:
        spine = pa.Table.from_pylist(rows)
        at = spine.schema.get_field_index("_now")
        stamps = pa.array([now] * len(rows), pa.timestamp("us", "UTC"))
        connection.register(SPINE, spine.set_column(at, "_now", stamps))
        for name, table in opened.items():
            register(connection, name, table.latest)
        check_spine(connection, asked, "_now")
        found: Any = connection.sql(as_of(asked, "_now")).to_arrow_table().sort_by("_row")
    return found.drop_columns(["_row", "_now"]).to_pylist()
