"""Whether the POSIX permissions of a path let somebody do what no role allows."""

from __future__ import annotations

from typing import Final

from emulator.arm.store import Store
from emulator.principal import Principal
from emulator.storage import operations
from emulator.storage.blobs import BlobStore
from emulator.storage.lake import acl
from emulator.storage.lake.rights import ROOT, Rights, of
from emulator.storage.model import Address
from emulator.storage.operations import Operation

ROOTS: Final = "lake-root"  # kind of the documents with the rights of containers' roots that were changed

# operation -> (what it takes on the path, what on the directory that it stands in)
NEEDED: Final[dict[Operation, tuple[str, str]]] = {
    operations.READ_BLOB: ("r", ""),
    operations.LIST_BLOBS: ("rx", ""),
    operations.WRITE_BLOB: ("w", ""),
    operations.APPEND_BLOCK: ("w", ""),
    operations.UPDATE_PATH: ("w", ""),
    operations.PUT_BLOB: ("", "wx"),
    operations.CREATE_BLOB: ("", "wx"),
    operations.DELETE_BLOB: ("", "wx"),
}


def root(store: Store, account: str, container: str) -> Rights:
    """The rights of a container's root."""
    held = store.document(ROOTS, f"{account}/{container}")
    return of(held) if held else ROOT


def set_root(store: Store, account: str, container: str, rights: Rights) -> None:
    store.put_document(ROOTS, f"{account}/{container}", rights.headers())


def rights_at(store: Store, blobs: BlobStore, at: Address) -> Rights | None:
    """The rights of a path ("": the root); None where there is none."""
    if not at.name:
        return root(store, at.account, at.container)
    found = blobs.get(at)
    return of(found.headers) if found else None


def allows(store: Store, blobs: BlobStore, at: Address, who: Principal, operation: Operation) -> bool:
    """Whether the lists of the path, and of each directory above it, allow the operation."""
    if operation not in NEEDED:
        return False
    own, above = NEEDED[operation]
    parts = at.name.strip("/").split("/") if at.name.strip("/") else []
    for depth in range(len(parts) + 1):
        name = "/".join(parts[:depth])
        last = depth == len(parts)
        wanted = own if last else (above or "x") if depth == len(parts) - 1 else "x"
        if not wanted:
            continue
        rights = rights_at(store, blobs, Address(at.account, at.container, name))
        if rights is None:
            return False
        groups = {group.lower() for group in who.groups}
        if not acl.allows(rights.entries, rights.owner, rights.group, who.object_id, groups, wanted):
            return False
    return bool(parts) or bool(own)
