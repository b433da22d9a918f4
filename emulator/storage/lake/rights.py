"""Who owns a path of a hierarchical namespace, and who may do what with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from emulator.storage.lake import acl
from emulator.storage.lake.acl import Entries
from emulator.storage.model import RESOURCE_TYPE, RIGHTS, Blob

SUPERUSER: Final = "$superuser"  # who came with a key or a signature, and the service itself
UMASK: Final = 0o027
FOLDER: Final = "hdi_isfolder"  # metadata by which the Blob service tells directories


@dataclass(frozen=True, slots=True)
class Rights:
    """Owner and group are object ids."""

    owner: str
    group: str
    entries: Entries

    def headers(self) -> dict[str, str]:
        """As they are kept with the path, and told in answers."""
        return {
            "x-ms-owner": self.owner,
            "x-ms-group": self.group,
            "x-ms-permissions": acl.permissions(self.entries),
            "x-ms-acl": ",".join(map(str, self.entries)),
        }


ROOT: Final = Rights(SUPERUSER, SUPERUSER, acl.of_permissions("rwxr-x---"))
"""Of a new container's root."""


def of(headers: Mapping[str, str]) -> Rights:
    """Those kept with a path; what was written before the account knew owners is the service's."""
    if "x-ms-owner" not in headers:
        return replace(ROOT, entries=acl.of_permissions("rw-r-----"))
    return Rights(headers["x-ms-owner"], headers["x-ms-group"], acl.parse(headers["x-ms-acl"]))


def is_directory(blob: Blob) -> bool:
    return blob.headers.get(RESOURCE_TYPE) == "directory"


@dataclass(frozen=True, slots=True)
class Creator:
    """Who creates paths, and with what permissions; by default those that the parent and the umask give.

    root: the rights of the container's root. permissions, entries: what the request wants instead
    """

    owner: str
    root: Rights
    umask: int = UMASK
    entries: Entries = ()

    def born(self, parent: Blob | None, *, directory: bool) -> dict[str, str]:
        """What a new path is kept with: its owner is whoever creates it, its group is its parent's."""
        above = of(parent.headers) if parent else self.root
        entries = self.entries or acl.inherited(above.entries, directory=directory, umask=self.umask)
        kind = "directory" if directory else "file"
        return {**Rights(self.owner, above.group, entries).headers(), RESOURCE_TYPE: kind}

    def parents(self) -> Creator:
        """The same for directories that come into being on the way."""
        return replace(self, entries=())


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The part of a path's headers that a write of its content leaves as it is."""
    return {name: headers[name] for name in RIGHTS if name in headers}
