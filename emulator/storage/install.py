"""Microsoft.Storage: storage accounts and what stands in them in ARM, blobs, data lakes and queues."""

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
from emulator.storage.happenings import Announcer
from emulator.storage.lake.dataplane import LakePlane
from emulator.storage.queues import hooks as queue_hooks
from emulator.storage.queues.dataplane import QueuePlane
from emulator.storage.queues.messages import Messages
from emulator.storage.service import Blobs

OTHER_SERVICES = ("file", "table")


def install(
    arm: Arm,
    store: Store,
    hosts: Hosts,
    identity: Identity,
    blobs: Blobs,
    accounts: Accounts,
    contents: BlobStore,
    reach: Reach,
    messages: Messages,
    announcer: Announcer,
) -> None:
    """Register the hooks and the data plane."""
    hooks.install(arm, accounts, contents)
    immutability.install(arm)
    sas.install(arm, accounts)
    queue_hooks.install(arm, messages)
    authentication = Authentication(identity, TENANT_ID)
    for plane in (
        DataPlane(arm, accounts, contents, authentication, reach, announcer),
        LakePlane(arm, accounts, contents, authentication, reach, announcer),
        QueuePlane(arm, accounts, messages, authentication, reach),
    ):
        hosts.route(f"*.{plane.service}.core.windows.net", plane.handle)
    for service in OTHER_SERVICES:
        hosts.route(f"*.{service}.core.windows.net", _refuse)
    website.install(arm, store, hosts, blobs)


def _refuse(request: Request) -> Response:
    raise NotEmulated(f"{request.describe()}: of storage only blobs, data lakes and queues are emulated")
