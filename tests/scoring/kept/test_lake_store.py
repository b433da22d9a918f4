"""Parts in the data lake by the service's identity, which may add and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from emulator.app import Emulator
from emulator.identity.directory import ENGINEERS
from scoring.kept.lake import LakeStore
from scoring.kept.writer import RefusedError
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport


def store(emulator: Emulator, container: str = "data") -> LakeStore:
    credential: Any = Credential(emulator)
    url = f"https://lake.blob.core.windows.net/{container}"
    return LakeStore(url, credential, transport=transport(emulator))


@pytest.fixture
def emulator(tmp_path: Path) -> Any:
    emulator = estate.start(tmp_path)
    yield emulator
    emulator.close()


def test_a_part_is_made_once(emulator: Emulator) -> None:
    account = estate.account(emulator, "lake", isHnsEnabled=True)
    with pytest.raises(HttpResponseError) as caught:  # the role is not there yet, and may come
        store(emulator).put("parts/a.arrow", b"one")
    assert caught.value.status_code == 403
    estate.grant(emulator, ENGINEERS, estate.CONTRIBUTOR, account)
    store(emulator).put("parts/a.arrow", b"one")
    store(emulator).put("parts/a.arrow", b"two")  # an answer got lost: the same part again
    assert emulator.blobs.read("lake", "data", "parts/a.arrow") == b"one"
    with pytest.raises(HttpResponseError):
        store(emulator, "none-yet").put("a.arrow", b"one")
    with pytest.raises(RefusedError, match="400"):
        store(emulator).put("a" * 1_025, b"one")
