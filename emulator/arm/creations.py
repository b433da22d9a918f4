"""Which program's resource each one was created as: so that a create whose answer was lost is not made twice.

A client that creates resources for a program sends, with its PUT, the name of the resource in that program
(Pulumi's URN) and a digest of what it asked for. Whoever asks for the same again learns what there is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from emulator.arm.ids import fold
from emulator.arm.store import Store

URN: Final = "x-emulator-urn"
DIGEST: Final = "x-emulator-digest"
CREATED: Final = "x-emulator-created"
"""Answer to a GET with the two headers above: the ids that exist already, a JSON list."""

_OF_URN: Final = "creation"  # documents: digest of a URN -> {folded id: digest of the inputs}
_OF_ID: Final = "creation-of"  # documents: folded id -> digest of its URN


@dataclass(frozen=True, slots=True)
class Creation:
    """urn: of the resource in its program; digest: of the inputs that it was asked for with."""

    urn: str
    digest: str

    @property
    def key(self) -> str:
        return hashlib.sha256(self.urn.encode()).hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends."""
        return {URN: quote(self.urn, safe=":$/"), DIGEST: self.digest}


def of(headers: dict[str, str]) -> Creation | None:
    """What the headers (lower case) of a request say."""
    urn, digest = unquote(headers.get(URN, "")), headers.get(DIGEST, "")
    return Creation(urn, digest) if urn and digest else None


def record(store: Store, creation: Creation, resource_id: str) -> None:
    """Remember it; call it in the transaction that stores the resource."""
    known: dict[str, str] = store.document(_OF_URN, creation.key) or {}
    store.put_document(_OF_URN, creation.key, {**known, fold(resource_id): creation.digest})
    store.put_document(_OF_ID, fold(resource_id), creation.key)


def find(store: Store, creation: Creation) -> list[str]:
    """The ids of the resources that were created as this one and still exist."""
    known: dict[str, str] = store.document(_OF_URN, creation.key) or {}
    bodies = (store.get(key) for key, digest in known.items() if digest == creation.digest)
    return [body["id"] for body in bodies if body is not None]


def forget(store: Store, resource_id: str) -> None:
    """The resource is deleted."""
    key = store.document(_OF_ID, fold(resource_id))
    if key is None:
        return
    store.delete_document(_OF_ID, fold(resource_id))
    known: dict[str, str] = store.document(_OF_URN, key) or {}
    known.pop(fold(resource_id), None)
    if known:
        store.put_document(_OF_URN, key, known)
    else:
        store.delete_document(_OF_URN, key)
