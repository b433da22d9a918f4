"""Why a caller does not reach a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.errors import AzureError

Kind = Literal["connection", "firewall", "lost"]


@dataclass(frozen=True, slots=True)
class Denied:
    """kind: `connection` where the service has no public access, `firewall` where it has rules and none fits,
    `lost` where the networks give no answer: in Azure a name that does not resolve, or a connection that
    times out. address: the public one that the service sees, "" for none. why: what is missing, by its name.
    """

    kind: Kind
    address: str
    why: str


def unreachable(target: str, denied: Denied) -> AzureError:
    """What stands for no answer at all: the words of a caller whose connection fails."""
    return AzureError(502, "Unreachable", f"{target} cannot be reached: {denied.why}.")
