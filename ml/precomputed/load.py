"""A batch run becomes the one that is looked up: found in its table, loaded, shown."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml.precomputed import rows
from ml.precomputed.place import open_store

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.precomputed.store import Run, Told


@dataclass(frozen=True, slots=True)
class Loaded:
    """run: its name. words: of the database. runs: all that it holds now, the newest first."""

    run: str
    words: str
    runs: list[Run]


def load(
    azure: Azure,
    where: str,
    run: str | None,
    database: str | None,
    progress: AbstractContextManager[Told],
) -> Loaded:
    """Load a run below a batch's output. run: None names the one that was published last there.

    database: an address; None is the estate's server. Raises MlopsError; GoneBack for a run that somebody
    went back from.
    """
    store = open_store(azure, database)
    try:
        with azure.report.phase(f"finding the run in {where}"):
            found = rows.batch(where, run or rows.newest(where, azure.credential), azure.credential)
        keep = azure.settings.precomputed.keep_runs
        with azure.report.phase(f"loading {found.run} into {store.words}"), progress as told:
            store.load(found, keep, told)
        return Loaded(found.run, store.words, store.runs())
    finally:
        store.close()
