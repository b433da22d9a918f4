"""What is logged of a run, in the store: its latest metrics, parameters and tags, and every measurement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emulator.arm.store import Store
from emulator.machinelearning.references import run_key
from emulator.machinelearning.tracking.errors import invalid

Json = dict[str, Any]
LOGGED = "ml-logged"  # kind of the documents: one for each run
POINTS = "ml-points"  # with the run's key behind it: one document for each measurement


class Metrics:
    """Every change is in the store before the call returns. Runs are named by the ARM id of their job."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def logged(self, run_id: str) -> Json:
        """``metrics`` (name -> latest measurement), ``params``, ``tags``; empty when nothing was logged."""
        found = self._store.document(LOGGED, run_key(run_id))
        return found or {"metrics": {}, "params": {}, "tags": {}, "points": 0}

    def log(
        self,
        run_id: str,
        metrics: Iterable[Json] = (),
        params: Iterable[tuple[str, str]] = (),
        tags: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Add to what is logged, all of it or nothing; 400 for a parameter that has another value."""
        with self._store.transaction():
            logged = self.logged(run_id)
            for name, value in params:
                kept = logged["params"].setdefault(name, value)
                if kept != value:
                    raise invalid(
                        f"Changing param values is not allowed. Param with key='{name}' was already logged "
                        f"with value='{kept}' for run ID='{run_id.rsplit('/', 1)[-1]}'. Attempted logging "
                        f"new value '{value}'."
                    )
            logged["tags"] |= dict(tags)
            for point in metrics:
                kind = f"{POINTS} {run_key(run_id)}"
                self._store.put_document(kind, f"{point['key']}\n{logged['points']:012d}", point)
                logged["points"] += 1
                latest = logged["metrics"].get(point["key"])
                if latest is None or _later(point, latest):
                    logged["metrics"][point["key"]] = point
            self._store.put_document(LOGGED, run_key(run_id), logged)

    def delete_tag(self, run_id: str, name: str) -> bool:
        """Remove a tag. Returns whether there was one."""
        with self._store.transaction():
            logged = self.logged(run_id)
            found = logged["tags"].pop(name, None) is not None
            if found:
                self._store.put_document(LOGGED, run_key(run_id), logged)
        return found

    def history(self, run_id: str, name: str) -> list[Json]:
        """Every measurement of a metric, in the order in which they came."""
        found = self._store.documents(f"{POINTS} {run_key(run_id)}", f"{name}\n")
        return list(found.values())

    def forget(self, run_id: str) -> None:
        """Remove what was logged of a run that is deleted."""
        with self._store.transaction():
            kind = f"{POINTS} {run_key(run_id)}"
            for key in self._store.documents(kind):
                self._store.delete_document(kind, key)
            self._store.delete_document(LOGGED, run_key(run_id))


def _later(point: Json, latest: Json) -> bool:
    return (point["step"], point["timestamp"]) >= (latest["step"], latest["timestamp"])
