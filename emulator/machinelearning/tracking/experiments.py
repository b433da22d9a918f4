"""Experiments of a workspace: those that jobs name, and those that MLflow makes."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.arm.store import Store
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.tracking.errors import TrackingError, invalid, missing
from emulator.machinelearning.tracking.values import now_ms

Json = dict[str, Any]
EXPERIMENT = "ml-experiment"
DEFAULT = "Default"
DEFAULT_ID = "0"  # MLflow's own id of the experiment that is taken when none is named
LONGEST = 255


def experiment_id(workspace: Workspace, name: str) -> str:
    """The id of the experiment of a name: names differ by more than upper and lower case."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{workspace.id}/{name}".lower()))


class Experiments:
    """All experiments of all workspaces."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, workspace: Workspace) -> dict[str, Json]:
        """By id: {name, stage, tags, created, updated}; those that only jobs name as well."""
        found = {
            experiment_id(workspace, value["name"]): value
            for value in self._store.documents(EXPERIMENT, f"{workspace.id.lower()}/").values()
        }
        for job in self._store.children(workspace.child("jobs")):
            name = job["properties"].get("experimentName") or DEFAULT
            found.setdefault(experiment_id(workspace, name), _new(name, created=0))
        found.setdefault(experiment_id(workspace, DEFAULT), _new(DEFAULT, created=0))
        return found

    def by_id(self, workspace: Workspace, wanted: str) -> Json:
        """404 when there is none."""
        wanted = experiment_id(workspace, DEFAULT) if wanted == DEFAULT_ID else wanted
        found = self.all(workspace).get(wanted.lower())
        if found is None:
            raise missing(f"No Experiment with id={wanted} exists in workspace {workspace.name!r}.")
        return found

    def by_name(self, workspace: Workspace, name: str) -> Json:
        """404 when there is none."""
        found = self.all(workspace).get(experiment_id(workspace, name))
        if found is None:
            raise missing(f"Could not find experiment with name '{name}' in workspace {workspace.name!r}.")
        return found

    def create(self, workspace: Workspace, name: str, tags: dict[str, str]) -> str:
        """The new experiment's id; 400 when the name is taken."""
        if len(name) > LONGEST or "/" in name:
            raise invalid(f"Invalid experiment name {name!r}: at most {LONGEST} characters, no '/'.")
        new_id = experiment_id(workspace, name)
        with self._store.transaction():
            if new_id in self.all(workspace):
                raise TrackingError(
                    "RESOURCE_ALREADY_EXISTS", f"Experiment '{name}' already exists in the workspace."
                )
            self._put(workspace, {**_new(name, now_ms()), "tags": tags})
        return new_id

    def change(self, workspace: Workspace, wanted: str, **fields: Any) -> None:
        """Change the stage, or merge tags into those that are there."""
        with self._store.transaction():
            found = self.by_id(workspace, wanted)
            tags = {**found["tags"], **fields.pop("tags", {})}
            self._put(workspace, {**found, **fields, "tags": tags, "updated": now_ms()})

    def forget(self, workspace: Workspace) -> None:
        """Remove the experiments of a workspace that is deleted."""
        for key in self._store.documents(EXPERIMENT, f"{workspace.id.lower()}/"):
            self._store.delete_document(EXPERIMENT, key)

    def _put(self, workspace: Workspace, value: Json) -> None:
        key = f"{workspace.id}/{value['name']}".lower()
        self._store.put_document(EXPERIMENT, key, value)


def _new(name: str, created: int) -> Json:
    return {"name": name, "stage": "active", "tags": {}, "created": created, "updated": created}
