"""From a private address to the local ports of the processes that answer there.

Container groups and services of Kubernetes have addresses out of subnets, which nothing on this machine has.
What runs inside a network (a gateway, a caller in a subnet) asks here where such an address leads.
"""

from __future__ import annotations

from collections.abc import Callable

Source = Callable[[str, int], list[int] | None]
"""(address, port) -> the local ports of the ready endpoints, empty when none is ready; None when the address
is none of the source's."""


class Inside:
    """The sources of one emulator; each service that gives out private addresses registers its own."""

    def __init__(self) -> None:
        self._sources: list[Source] = []

    def register(self, source: Source) -> Source:
        """Let a source answer as well."""
        self._sources.append(source)
        return source

    def where(self, address: str, port: int) -> list[int]:
        """The ports on 127.0.0.1 of the ready endpoints behind a private address and port.

        Several where several answer: the caller takes turns. Empty when the address is nobody's, has not this
        port, or nothing behind it is ready.
        """
        for source in self._sources:
            found = source(address, port)
            if found is not None:
                return found
        return []
