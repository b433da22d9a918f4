"""Event Grid, put together: the hooks of its types, and who delivers."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm
from emulator.eventgrid import topics
from emulator.eventgrid.calls import Calls
from emulator.eventgrid.courier import Courier
from emulator.eventgrid.identities import Identities
from emulator.eventgrid.pending import Pending
from emulator.eventgrid.publish import Publisher
from emulator.eventgrid.send import Sender
from emulator.eventgrid.subscriptions import Subscriptions
from emulator.faults import Faults
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.lifetime import Lifetime
from emulator.refusals import Refusals
from emulator.storage.accounts import Accounts

EXTENSION: Final = "Microsoft.EventGrid/eventSubscriptions"
ENDS: Final = ("waiting", "retried", "delivered", "failed", "dead_lettered", "dropped")


def install(
    arm: Arm,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    accounts: Accounts,
    publisher: Publisher,
    pending: Pending,
    faults: Faults,
    refusals: Refusals,
) -> Courier:
    """Register the hooks; events are delivered while the emulator answers."""
    identities = Identities(identity)
    subscriptions = Subscriptions(arm, pending, identities)
    sender = Sender(arm.store, accounts, identities, subscriptions, Calls(hosts.handler, refusals))
    courier = Courier(arm.store, pending, sender, lambda: faults.plan.hasten or 1.0)
    topics.install(arm)
    subscriptions.install(sender.handshake)
    arm.refuse(EXTENSION, "make a system topic of the resource, and the subscription under it")
    publisher.published = courier.wake
    lifetime.on_start(courier.start)
    lifetime.on_stop(courier.stop)
    return courier


def report(arm: Arm, pending: Pending) -> list[dict[str, Any]]:
    """What became of the events of each subscription: its id, and a number for each end."""
    found: list[dict[str, Any]] = []
    for key, numbers in pending.tallies().items():
        held = arm.store.get(key)
        if held is not None:
            found.append({"subscription": held["id"], **{end: numbers.get(end, 0) for end in ENDS}})
    return found
