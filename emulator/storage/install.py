"""Microsoft.Storage: storage accounts and containers in ARM, the Blob service and data lakes."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import NotEmulated
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.directory import TENANT_ID
from emulator.identity.service import Identity
from emulator.network.reach import Reach
from emulator.storage import hooks, immutability, sas, website
from emulator.storage.access import Authentication
from emulator.storage.accounts import Accounts
from emulator.storage.blobs import BlobStore
from emulator.storage.dataplane import DataPlane
from emulator.storage.lake.dataplane import LakePlane
from emulator.storage.service import Blobs

OTHER_SERVICES = ("file", "queue", "table")


def install(
    arm: Arm,
    store: Store,
    hosts: Hosts,
    identity: Identity,
    blobs: Blobs,
    accounts: Accounts,
    contents: BlobStore,
    reach: Reach,
) -> None:
    """Register the hooks and the data plane."""
    hooks.install(arm, accounts, contents)
    immutability.install(arm)
    sas.install(arm, accounts)
    authentication = Authentication(identity, TENANT_ID)
    hosts.route("*.blob.core.windows.net", DataPlane(arm, accounts, contents, authentication, reach).handle)
    hosts.route("*.dfs.core.windows.net", LakePlane(arm, accounts, contents, authentication, reach).handle)
    for service in OTHER_SERVICES:
        hosts.route(f"*.{service}.core.windows.net", _refuse)
    website.install(arm, store, hosts, blobs)


def _refuse(request: Request) -> Response:
    raise NotEmulated(f"{request.describe()}: of storage only the Blob service and data lakes are emulated")
