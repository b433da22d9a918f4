"""Microsoft.Storage: storage accounts and containers in ARM, and the Blob service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import NotEmulated
from emulator.http import Request, Response
from emulator.identity.directory import TENANT_ID
from emulator.storage import hooks, website
from emulator.storage.access import Authentication
from emulator.storage.accounts import Accounts
from emulator.storage.blobs import BlobStore
from emulator.storage.dataplane import DataPlane
from emulator.storage.service import Blobs

if TYPE_CHECKING:
    from emulator.app import Emulator

OTHER_SERVICES = ("dfs", "file", "queue", "table")


def install(emulator: Emulator) -> None:
    """Register the hooks and the data plane; set ``emulator.blobs``."""
    accounts = Accounts(emulator.store)
    store = BlobStore(emulator.home.blobs)
    hooks.install(emulator.arm, accounts, store)
    authentication = Authentication(emulator.identity, TENANT_ID)
    emulator.route("*.blob.core.windows.net", DataPlane(emulator.arm, accounts, store, authentication).handle)
    for service in OTHER_SERVICES:
        emulator.route(f"*.{service}.core.windows.net", _refuse)
    emulator.blobs = Blobs(accounts, store, emulator.identity)
    website.install(emulator)


def _refuse(request: Request) -> Response:
    raise NotEmulated(f"{request.describe()}: of storage only the Blob service is emulated")
