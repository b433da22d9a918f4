from __future__ import annotations

import pytest

from emulator.provider.lifecycle import Lifecycle
from tests.emulator.provider.fake_azure import GROUP, FakeAzure, client


@pytest.fixture
def azure() -> FakeAzure:
    fake = FakeAzure()
    fake.store(GROUP, {"location": "westeurope"})
    return fake


@pytest.fixture
def lifecycle(azure: FakeAzure) -> Lifecycle:
    return Lifecycle(client(azure))
