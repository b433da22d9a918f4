"""Which host name is answered by which handler."""

from __future__ import annotations

from emulator.http import Handler


class Hosts:
    """The routes of one emulator. Services add theirs while they are installed, and while they run."""

    def __init__(self) -> None:
        self._exact: dict[str, Handler] = {}
        self._suffixes: list[tuple[str, Handler]] = []

    def route(self, pattern: str, handler: Handler) -> None:
        """Send the requests for a host to ``handler``; ``*.suffix`` takes every name under the suffix."""
        if pattern.startswith("*."):
            self._suffixes.append((pattern[1:].lower(), handler))
            self._suffixes.sort(key=lambda entry: -len(entry[0]))
        else:
            self._exact[pattern.lower()] = handler

    def patterns(self) -> list[str]:
        """The hosts that are answered, as they were registered."""
        return [*self._exact, *(f"*{suffix}" for suffix, _ in self._suffixes)]

    def handler(self, host: str) -> Handler | None:
        """The handler for a host, None for a host that is not emulated."""
        if found := self._exact.get(host):
            return found
        return next((handler for suffix, handler in self._suffixes if host.endswith(suffix)), None)
