"""What a job or a container of a service finds around it: the way to the emulator, and its identities."""

from __future__ import annotations

from collections.abc import Mapping

from emulator import environment
from emulator.home import Home
from emulator.identity.workloads import Workloads
from emulator.places import AZURE, Place


class Workplaces:
    """Makes the environments of workloads; `ports` are there once the server listens."""

    def __init__(self, home: Home, workloads: Workloads, ports: Mapping[str, int]) -> None:
        self._home = home
        self._workloads = workloads
        self._ports = ports

    def admit(self, name: str, identities: list[str], place: Place = AZURE) -> dict[str, str]:
        """The variables of a workload: proxy and CA, and through them the identities given to it.

        identities: ids of user-assigned identities, or of resources with a system-assigned one
        place: where it stands; names resolve as they do there
        """
        secret = self._workloads.admit(name, identities, place)
        return environment.workload(self._home, self._ports["proxy"], name, secret)

    def msi(self, name: str, client_id: str) -> dict[str, str]:
        """The variables with which a job on a compute asks for tokens of the identity `client_id`."""
        return self._workloads.msi(name, self._ports["plain"], client_id)

    def dismiss(self, name: str) -> None:
        """The workload has ended: its secret opens nothing any more."""
        self._workloads.dismiss(name)
