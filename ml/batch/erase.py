"""One person's rows leave the outputs of batches: predictions, rejects, and what no reader sees yet.

A run that was published and lost rows says so in its record (`erased`). What a run has not published is taken
away by whole units, which the same command then scores again, of data in which the person is no more.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from ml.batch.outputs import ASIDE, LOG
from ml.batch.unit import PARTITION, PREDICTIONS, REJECTS, RUNS
from ml.errors import MlopsError
from ml.lake import lease, tables
from ml.lake.arrow import ArrowTable
from ml.lake.files import Files
from ml.lake.table_place import TablePlace, as_held, counted, files_at, of_value, rewritten

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

TABLES: Final = (PREDICTIONS, REJECTS)
_UNIT: Final = re.compile(
    rf"(?:{PREDICTIONS}|{REJECTS})/{PARTITION}=(?P<run>[^/]+)/part-(?P<unit>\d{{6}})\.parquet"
)
_KEYS: Final = re.compile(rf"{RUNS}/(?P<run>[^/]+)/keys-\d{{6}}\.npy")


def outputs_below(where: str, credential: TokenCredential | None) -> list[str]:
    """The outputs of batches in a folder: each has the files of its runs."""
    files, folder = files_at(where, credential)
    found = {
        name.removeprefix(f"{folder}/").partition(f"/{RUNS}/")[0].removesuffix(f"/{ASIDE}")
        for name in files.names(f"{folder}/")
        if f"/{RUNS}/" in name
    }
    return [f"{where.rstrip('/')}/{one}" for one in sorted(found)]


def erase(where: str, key: str, record: str, credential: TokenCredential | None, wait_s: float) -> int:
    """Erase the rows with this key from one output; how many rows of predictions those were.

    record: the id of the erasure's record. wait_s: for a run that writes there. Raises MlopsError.
    """
    with lease.held(where, credential, wait_s):
        files, folder = files_at(where, credential)
        found = _of_tables(where, folder, files, key, record, credential)
        if found is None:
            rows, published = _of_files(files, folder, key), _runs_of(files, folder)
        else:
            rows = counted(_table(where, folder, files, PREDICTIONS, credential), record)
            named, published = found
            _unpublished(files, folder, key, named)
        _unpublished(files, f"{folder}/{ASIDE}", key, set())
        for root in (folder, f"{folder}/{ASIDE}"):
            _keys_of(files, root, published)
        return rows


def _table(
    where: str, folder: str, files: Files, name: str, credential: TokenCredential | None
) -> TablePlace:
    return TablePlace(f"{where}/{name}", f"{folder}/{name}", files, credential)


def _of_tables(
    where: str, folder: str, files: Files, key: str, record: str, credential: TokenCredential | None
) -> tuple[set[str], set[str]] | None:
    """Erase from both tables; the files that they name, and the runs that are published. None: the output has
    no tables."""
    named: set[str] = set()
    published: set[str] = set()
    of_rejects: list[str] = []
    there = False
    for name in TABLES:
        if not files.names(f"{folder}/{name}/{LOG}/"):
            continue
        place = _table(where, folder, files, name, credential)
        table = place.open()
        if table is None:
            continue
        there = True
        value = as_held(tables.columns(table).field("key").type, key)
        changed = [] if value is None else rewritten(place, record, of_value("key", value))
        # Files that a run has not published are its own: it goes on with them when it is called again.
        place.delete_old_versions(0, orphans=False)
        table = place.open()
        assert table is not None  # noqa: S101 - it was opened just now
        rows = _rows_of(table, name, named)
        if name == REJECTS:
            of_rejects = changed
            continue
        # One whose place another run has taken has lost its rows to that one.
        _told(files, folder, {**dict.fromkeys(changed, 0), **rows})
        begun = _recorded_runs(files, folder)
        published = {run for run in begun if tables.recorded(table, run) is not None}
    # A run that was killed while it was published has shown rejects alone.
    _anew(files, folder, set(of_rejects) - published)
    return (named, published) if there else None


def _rows_of(table: Any, name: str, named: set[str]) -> dict[str, int]:
    """The rows of each run that has any. named: gets the files that the table names."""
    import pyarrow as pa

    actions: Any = pa.table(table.get_add_actions(flatten=True))
    rows: dict[str, int] = {}
    for one in actions.select(["path", "num_records", f"partition.{PARTITION}"]).to_pylist():
        run = one[f"partition.{PARTITION}"]
        named.add(f"{name}/{unquote(one['path'])}")
        rows[run] = rows.get(run, 0) + int(one["num_records"] or 0)
    return rows


def _anew(files: Files, folder: str, runs: Iterable[str]) -> None:
    """Let all units of these runs be scored again."""
    for run in runs:
        for path in files.names(f"{folder}/{RUNS}/{run}/"):
            if path.rpartition("/")[2].startswith(("unit-", "keys-")):
                files.delete(path)


def _recorded_runs(files: Files, folder: str) -> list[str]:
    names = (path.removeprefix(f"{folder}/{RUNS}/") for path in files.names(f"{folder}/{RUNS}/"))
    return [name.partition("/")[0] for name in names if name.endswith("/record.json")]


def _told(files: Files, folder: str, rows: Mapping[str, int]) -> None:
    """Note in the records of runs how many rows they have lost. rows: those that published ones have now."""
    for run, left in rows.items():
        path = f"{folder}/{RUNS}/{run}/record.json"
        if (content := files.read(path)) is None:
            continue
        told = json.loads(content)
        lost = int(told["scored"]) - left
        if lost != int(told.get("erased", 0)):
            files.write(path, json.dumps({**told, "erased": lost}, indent=1).encode())


def _of_files(files: Files, folder: str, key: str) -> int:
    """Write Parquet files without a table anew where they hold the key; how many rows of predictions went."""
    import pyarrow.compute
    import pyarrow.parquet as pq

    compute: Any = pyarrow.compute
    gone = 0
    left: dict[str, int] = {}
    of_rejects: set[str] = set()
    for name in TABLES:
        for path in _parquet(files, f"{folder}/{name}/"):
            rows = _held(files, path)
            if rows is None:
                continue
            hits = _count(rows, key)
            if hits:
                buffer = io.BytesIO()
                pq.write_table(rows.filter(compute.invert(_mask(rows, key))), buffer)
                files.write(path, buffer.getvalue())
            gone += hits if name == PREDICTIONS else 0
            if (unit := _UNIT.fullmatch(path.removeprefix(f"{folder}/"))) is None:
                continue
            if name == PREDICTIONS:
                left[unit["run"]] = left.get(unit["run"], 0) + rows.num_rows - hits
            elif hits:
                of_rejects.add(unit["run"])
    _told(files, f"{folder}/{ASIDE}", left)
    _anew(files, f"{folder}/{ASIDE}", of_rejects - left.keys())
    return gone


def _runs_of(files: Files, folder: str) -> set[str]:
    """The runs whose files are published as they stand; one that shows rejects alone goes on."""
    paths = _parquet(files, f"{folder}/{PREDICTIONS}/")
    found = (_UNIT.fullmatch(path.removeprefix(f"{folder}/")) for path in paths)
    return {one["run"] for one in found if one}


def _unpublished(files: Files, folder: str, key: str, named: set[str]) -> None:
    """Delete units with the key that no table names; of each also its record, so that it is scored again."""
    for name in TABLES:
        for path in _parquet(files, f"{folder}/{name}/"):
            inner = path.removeprefix(f"{folder}/")
            held = None if inner in named else _held(files, path)
            if held is None or not _count(held, key):
                continue
            files.delete(path)
            if unit := _UNIT.fullmatch(inner):
                run, number = unit["run"], unit["unit"]
                files.delete(f"{folder}/{RUNS}/{run}/unit-{number}.json")
                files.delete(f"{folder}/{RUNS}/{run}/keys-{number}.npy")


def _keys_of(files: Files, folder: str, published: set[str]) -> None:
    """Delete the hashes of keys of runs that were published: none looks at them any more."""
    for path in files.names(f"{folder}/{RUNS}/"):
        found = _KEYS.fullmatch(path.removeprefix(f"{folder}/"))
        if found and found["run"] in published:
            files.delete(path)


def _parquet(files: Files, prefix: str) -> Iterable[str]:
    return [name for name in files.names(prefix) if name.endswith(".parquet")]


def _held(files: Files, path: str) -> ArrowTable | None:
    """The rows of a file; None where it is gone. Raises MlopsError for one that cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = files.read(path)
    try:
        return None if content is None else pq.read_table(io.BytesIO(content))
    except pa.ArrowException as error:
        raise MlopsError(
            f"{path} cannot be read, and may hold the person: {str(error).splitlines()[0]}",
            "Delete it where no run needs it, or restore it; then run the same command again.",
        ) from error


def _count(rows: ArrowTable, key: str) -> int:
    import pyarrow.compute

    compute: Any = pyarrow.compute
    return int(compute.sum(_mask(rows, key)).as_py() or 0)


def _mask(rows: ArrowTable, key: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    column = rows.column("key")
    value = as_held(column.type, key)
    if value is None:
        return pa.array([False] * rows.num_rows, pa.bool_())
    if isinstance(value, int):
        value = pa.scalar(value, column.type)  # which may hold more than Arrow takes a number for by itself
    return compute.fill_null(compute.equal(column, value), False)
