"""What the Blob service keeps of a blob, and how it names blobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

BLOCK_BLOB = "BlockBlob"
APPEND_BLOB = "AppendBlob"

# property kept -> header of requests (``x-ms-blob-…``) and of answers
CONTENT_HEADERS: dict[str, str] = {
    "content-type": "x-ms-blob-content-type",
    "content-encoding": "x-ms-blob-content-encoding",
    "content-language": "x-ms-blob-content-language",
    "content-disposition": "x-ms-blob-content-disposition",
    "cache-control": "x-ms-blob-cache-control",
    "content-md5": "x-ms-blob-content-md5",
}


TIER = "x-ms-access-tier"  # kept beside them when a blob was given one
RESOURCE_TYPE = "x-ms-resource-type"  # file or directory, of a hierarchical namespace
RIGHTS = ("x-ms-owner", "x-ms-group", "x-ms-permissions", "x-ms-acl", RESOURCE_TYPE)  # kept beside them there


@dataclass(frozen=True, slots=True)
class Address:
    """One blob's place; ``name`` is percent-decoded."""

    account: str
    container: str
    name: str

    def url(self) -> str:
        """The address without its query, in clear text (not percent-encoded)."""
        return f"https://{self.account}.blob.core.windows.net/{self.container}/{self.name}"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a blob: its id (base64, as the client chose it) and its size in bytes."""

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob as last written. ``content`` names a file that is never changed once it is referred to,
    save that append blobs grow at its end."""

    name: str
    content: str
    size: int
    etag_number: int
    created: float  # seconds since the epoch
    modified: float
    kind: str = BLOCK_BLOB
    headers: Mapping[str, str] = field(default_factory=dict[str, str])  # CONTENT_HEADERS, TIER, RIGHTS
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    blocks: tuple[Block, ...] = ()

    @property
    def etag(self) -> str:
        return etag(self.etag_number)


def etag(number: int) -> str:
    """An ETag as it stands in headers, quotes included."""
    return f'"0x{number:016X}"'


def http_date(seconds: float) -> str:
    """An RFC 1123 date, whole seconds."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)


def after(prefix: str) -> str | None:
    """The least text greater than every text that starts with ``prefix``; None when there is none."""
    text = prefix
    while text:
        code = ord(text[-1])
        if code < 0x10FFFF:
            return text[:-1] + chr(0xE000 if code == 0xD7FF else code + 1)
        text = text[:-1]
    return None
