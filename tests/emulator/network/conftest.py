"""An emulator in this process with a private estate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.app import Emulator
from tests.emulator.core.conftest import Client
from tests.emulator.homes import started_once
from tests.emulator.network import private


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Of an emulator with a network and three services without public access, and nothing that leads in."""
    emulator = Emulator(started_once(tmp_path / "home"))
    made = Client(emulator)
    private.network(made)
    private.services(made)
    yield made
    emulator.close()
