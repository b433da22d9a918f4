"""Defines what a download needs of any store."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Version:
    """Tells one state of a source from another. `size` is in bytes, `modified` in ISO 8601."""

    etag: str
    size: int
    modified: str
    version: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class SourceChanged(Exception):
    """The source is no longer the version that was asked for."""


class Interrupted(Exception):
    """The transfer broke off, and may be continued."""


class Source(Protocol):
    @property
    def shown(self) -> str:
        """The address without secrets, for messages."""
        ...

    @property
    def identity(self) -> str:
        """Two sources with the same text are one: the address, with the endpoint where that can differ."""
        ...

    def look(self) -> Version:
        """The source's present version. Raises MlopsError when there is none or it may not be read."""
        ...

    def read(self, version: Version, start: int) -> Iterator[bytes]:
        """Yield the bytes of that version from `start` on.

        Raises SourceChanged, Interrupted, or MlopsError.
        """
        ...
