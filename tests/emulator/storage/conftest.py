from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from emulator.app import Emulator
from emulator.identity.directory import ENGINEERS
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

URL = "https://acct.blob.core.windows.net"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """With the account ``acct``, shared keys off, and the engineers as its data contributors."""
    emulator = estate.start(tmp_path)
    estate.account(emulator, allowSharedKeyAccess=False)
    estate.grant(emulator, ENGINEERS, estate.CONTRIBUTOR)
    yield emulator
    emulator.close()


@pytest.fixture
def service(emulator: Emulator) -> BlobServiceClient:
    return BlobServiceClient(URL, Credential(emulator), transport=transport(emulator), retry_total=0)


@pytest.fixture
def data(service: BlobServiceClient) -> ContainerClient:
    return service.get_container_client("data")
