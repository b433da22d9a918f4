"""Places that a command on this machine may stand at: `python -m emulator run --from PLACE -- COMMAND`."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Final, Protocol

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.places import Place

SUBNET: Final = "Microsoft.Network/virtualNetworks/subnets"


class World(Protocol):
    """What of an emulator is needed."""

    store: Store
    identity: Identity


def admit(world: World, wanted: str) -> dict[str, str]:
    """Name and secret of a place for the proxy, the same for the same place; 404 for a place that is none."""
    place = find(world.store, wanted)
    mark = hashlib.sha256(fold(place.subnet or place.address).encode()).hexdigest()[:16]
    name = f"place-{mark}"
    return {"name": name, "secret": world.identity.workloads.admit(name, [], place)}


def find(store: Store, wanted: str) -> Place:
    """The place of an address, or of the one subnet whose id ends so; 404 that says what there is."""
    try:
        return Place(address=str(ipaddress.IPv4Address(wanted)))
    except ValueError:
        pass  # no address: it names a subnet
    tail = _short(wanted)
    known = [one["id"] for one in store.by_type(SUBNET)]
    found = [one for one in known if tail and f"/{_short(one)}".endswith(f"/{tail}")]
    if len(found) == 1:
        return Place(found[0])
    names = sorted("/".join(one.split("/")[-3::2]) for one in (found or known))
    what = "are several subnets" if found else "is no subnet and no IPv4 address"
    raise AzureError(
        404,
        "PlaceNotFound",
        f"--from {wanted!r} {what}; give one of {', '.join(names) if names else 'none: no subnet exists'}.",
    )


def _short(subnet: str) -> str:
    """As ids are compared, with the network's name right before the subnet's."""
    return fold(subnet).replace("/subnets/", "/").strip("/")
