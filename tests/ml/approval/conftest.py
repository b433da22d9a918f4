from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ml.approval.world import World
from tests.ml.cli.conftest import outputs

__all__ = ["outputs", "world"]


@pytest.fixture
def world(tmp_path: Path, outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, outputs)
    monkeypatch.setattr("ml.azure.clients.RULE_SECONDS", 0.0)
    yield made
    made.close()
