"""Where a caller stands: outside of every network here, on a machine of Azure's own, or in a subnet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """subnet: ARM id of the subnet that the caller stands in, "" for one that stands in none.

    address: the public address that services see, "" for one of Azure's own, which no firewall can list; that
    of a caller in a subnet is found out from what leads out of the subnet. trusted: a service of Azure that
    comes by a managed identity, and so through firewalls whose `bypass` is AzureServices.
    """

    subnet: str = ""
    address: str = ""
    trusted: bool = False


# Of whoever calls without a place of its own: an address from a range for examples (RFC 5737).
OUTSIDE: Final = Place(address="203.0.113.10")
# A machine that Azure runs, in no network of the user's: a container group with a public address, a build.
AZURE: Final = Place()
TRUSTED: Final = Place(trusted=True)


Ends = tuple[int, int]
"""A connection on loopback, by its two ports: the server's and the caller's. The kernel gives one port of a
caller to connections with several servers at once, and gives it anew as soon as a server has hung up."""


def come(places: dict[Ends, Place], ends: Ends, place: Place) -> Place:
    """Note where the caller of a connection stands; what to give to `leave` at its end."""
    own = places[ends] = replace(place)  # an object of this connection's own
    return own


def leave(places: dict[Ends, Place], ends: Ends, own: Place) -> None:
    """Forget a connection, unless its ends are another's by now, who would then stand outside its network."""
    if places.get(ends) is own:
        del places[ends]
