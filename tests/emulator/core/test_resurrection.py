"""What is deleted while somebody changes it stays deleted: reading and writing it is one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from emulator.arm.store import Store
from emulator.containerregistry.records import RUN, Records
from emulator.errors import AzureError
from emulator.home import Home
from emulator.machinelearning.runs import Runs

GROUP = "/subscriptions/s/resourceGroups/rg/providers"
REGISTRY = f"{GROUP}/Microsoft.ContainerRegistry/registries/r"
WORKSPACE = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/w"
JOB = f"{WORKSPACE}/jobs/j"


class Meanwhile:
    """Once something was read, another thread deletes it (or waits until it may)."""

    def __init__(
        self, patch: pytest.MonkeyPatch, store: Store, read: str, delete: Callable[[], object]
    ) -> None:
        self._original = getattr(store, read)
        self._delete = delete
        self.threads: list[threading.Thread] = []
        patch.setattr(store, read, self)

    def __call__(self, *arguments: Any) -> Any:
        found = self._original(*arguments)
        if not self.threads:
            self.threads.append(threading.Thread(target=self._delete))
            self.threads[0].start()
            self.threads[0].join(0.3)
        return found

    def ended(self) -> None:
        self.threads[0].join(20)


@pytest.fixture
def store(tmp_path: Any) -> Store:
    return Store(Home(tmp_path))


def test_a_run_of_a_registry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = f"{REGISTRY}/runs/ca1"
    store.put(run, {"id": run, "name": "ca1", "type": RUN, "properties": {"status": "Queued"}})
    meanwhile = Meanwhile(monkeypatch, store, "get", lambda: store.delete(REGISTRY))
    Records(store).change(run, "Running")
    meanwhile.ended()
    assert store.get(run) is None


@pytest.mark.parametrize("change", ["advance", "update"])
def test_the_record_of_a_job(store: Store, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    runs = Runs(store)
    runs.begin(JOB)
    meanwhile = Meanwhile(monkeypatch, store, "document", lambda: runs.forget(JOB))
    if change == "advance":
        runs.advance(JOB, "Running")
    else:
        runs.update(JOB, lines=[])
    meanwhile.ended()
    assert store.documents("ml-run") == {}


def test_a_step_of_a_job_that_is_gone(store: Store) -> None:
    runs = Runs(store)
    with pytest.raises(AzureError, match="was not found"):
        runs.add_child({"id": JOB, "name": "j", "systemData": {}}, "child", {})
    assert store.types() == {}
