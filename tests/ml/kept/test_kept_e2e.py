"""The whole way through a data lake: the service's own writer, Delta through the proxy, an erasure."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.emulator.storage.test_storage_e2e import World


@pytest.mark.e2e
def test_answers_are_kept_collected_and_erased_in_a_data_lake(tmp_path: Path) -> None:
    world = World(tmp_path / "home")
    world.emulator("up")
    try:
        said = world.emulator("run", "--", sys.executable, "-m", "tests.ml.kept.program")
        refused = json.loads(world.emulator("status", "--json"))
    finally:
        world.emulator("down")
    assert json.loads(said.splitlines()[-1]) == {
        "kept": {"kept": 2},
        "collected": [[1, 2], [0, 0]],
        "raced": "refused",
        "erased": 2,
        "keys": ["k-2", "k-2"],
        "held": [],
    }
    assert refused["refused_hosts"] == []
