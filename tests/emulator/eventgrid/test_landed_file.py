"""A file that lands starts a training: lake, subscription as infra/ declares it, queue, function, decision.

All of it in one process and without a training; `tests/e2e/test_loop.py` goes on from there, with the host.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func
import pytest
from azure.storage.blob import BlobClient

from emulator.functions.queue import Queue
from emulator.identity.directory import SIGNED_IN
from emulator.places import AZURE
from ml.trigger import app as trigger
from ml.trigger import configuration
from ml.trigger.azure import BlobState
from ml.trigger.configuration import STATE_BLOB
from tests.emulator.eventgrid.conftest import QUEUES, World, by_identity, to_queue
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport
from tests.ml.trigger.test_azure import SETTINGS
from tests.ml.trigger.worlds import World as Endpoint

ROOT = Path(__file__).resolve().parents[3]
READS_QUEUES = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"


class Line:
    """The way of a file, with a state in a real blob and an endpoint that notes what it is called for."""

    def __init__(self, world: World, function: Callable[[func.QueueMessage], None]) -> None:
        self.world, self.endpoint, self._function = world, Endpoint(), function
        blob = BlobClient(
            "https://queues.blob.core.windows.net",
            "data",
            STATE_BLOB,
            credential=Credential(world.emulator),
            transport=transport(world.emulator),
        )
        self.state = BlobState(blob)
        token = world.emulator.identity.tokens.issue
        self._queue = Queue(
            world.emulator.hosts,
            "queues",
            "events",
            AZURE,
            lambda: token(SIGNED_IN, "https://storage.azure.com")[0],
        )

    def land(self, path: str, content: bytes = b"rows") -> None:
        """As a client of a data lake writes a file: made, appended to, flushed and closed."""
        self.world.dfs("PUT", path, {"resource": "file"})
        self.world.dfs("PATCH", path, {"action": "append", "position": "0"}, content)
        end = {"action": "flush", "position": str(len(content)), "close": "true"}
        self.world.dfs("PATCH", path, end)
        self.world.later(0)

    def carry(self) -> int:
        """Hand the queue's messages to the function, as the host does; how many those were."""
        taken = self._queue.take(32, 30)
        for one in taken:
            self._function(func.QueueMessage(id=one.id, body=one.body()))
            self._queue.delete(one)
        return len(taken)


@pytest.fixture
def line(world: World, monkeypatch: pytest.MonkeyPatch) -> Line:
    """Subscribed with the filter that stage's graph has."""
    graph = json.loads((ROOT / "tests/infra/golden/stage.json").read_text())
    (filter_,) = [told["filter"] for told in _all(graph, "eventSubscriptionName", "landed")]
    world.emulator.arm.put(f"{world_lake()}/blobServices/default/containers/landing", {})
    estate.grant(world.emulator, SIGNED_IN.object_id, READS_QUEUES, QUEUES)
    world.subscribe(filter=filter_, deliveryWithResourceIdentity=by_identity(to_queue()))
    made = Line(world, _user_function(_function_app(), "events"))
    monkeypatch.setattr(trigger, "_configuration", lambda: configuration.of(SETTINGS))
    monkeypatch.setattr(trigger, "_credential", lambda: None)
    monkeypatch.setattr(trigger, "state_of", lambda account, credential: made.state)
    monkeypatch.setattr(trigger, "_endpoint", lambda: made.endpoint)
    return made


def world_lake() -> str:
    return QUEUES.replace("/queues", "/lake")


def _all(value: Any, key: str, wanted: str) -> list[dict[str, Any]]:
    """Every object of a document that has this value under the key."""
    if isinstance(value, list):
        return [found for one in value for found in _all(one, key, wanted)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get(key) == wanted else []
    return own + [found for one in value.values() for found in _all(one, key, wanted)]


def _function_app() -> ModuleType:
    file = ROOT / "environments/functions/retrain/function_app.py"
    spec = importlib.util.spec_from_file_location("retrain_function_app", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _user_function(module: ModuleType, name: str) -> Callable[[func.QueueMessage], None]:
    (found,) = [one for one in module.app.get_functions() if one.get_function_name() == name]
    return found.get_user_function()


def test_a_file_that_lands_starts_one_training_on_it(line: Line) -> None:
    line.land("/landing/2026/11/rows-30.parquet")
    assert line.carry() == 1, "of the file's events the one that says it is complete"
    (run,) = line.state.read()[0].runs
    assert run.data.endswith("/2026/11/rows-30.parquet")
    assert (run.called, run.event.started_by, run.event.words) == (
        True,
        "data",
        "2026/11/rows-30.parquet landed",
    )
    assert list(line.endpoint.made) == [run.job]
    line.land("/landing/2026/11/rows-31.parquet")
    assert line.carry() == 1
    state = line.state.read()[0]
    assert ([one.event.words for one in state.refused], len(line.endpoint.made)) == (
        ["2026/11/rows-31.parquet landed"],
        1,
    )


def test_what_is_no_data_set_or_lands_elsewhere_starts_nothing(line: Line) -> None:
    line.land("/data/rows.parquet")
    line.land("/landing/readme.txt")
    line.land("/landing/rows $(x).parquet")
    assert line.carry() == 2, "the first one is in another container"
    assert line.endpoint.made == {}
    assert [one.why for one in line.state.read()[0].refused] == ["unfit-name"]
