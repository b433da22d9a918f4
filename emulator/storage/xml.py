"""XML bodies of the Blob and the Queue service: reading flat documents, writing listings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from emulator.storage.errors import failure
from emulator.storage.model import RESOURCE_TYPE, Blob, Block, http_date

PROLOGUE = '<?xml version="1.0" encoding="utf-8"?>'
# property of a listing -> header kept with the blob
LISTED_HEADERS = {
    "Content-Type": "content-type",
    "Content-Encoding": "content-encoding",
    "Content-Language": "content-language",
    "Content-MD5": "content-md5",
    "Content-Disposition": "content-disposition",
    "Cache-Control": "cache-control",
}


def leaves(body: bytes, *, as_sent: bool = False) -> list[tuple[str, str]]:
    """Name and text of each element without children, in order; 400 InvalidXmlDocument.

    as_sent: whether texts keep the white space at their ends
    """
    found: list[tuple[str, str]] = []
    texts: list[list[str]] = []
    childless = False

    def start(_: str, __: Mapping[str, str]) -> None:
        nonlocal childless
        texts.append([])
        childless = True

    def end(name: str) -> None:
        nonlocal childless
        text = "".join(texts.pop())
        text = text if as_sent else text.strip()
        if childless:
            found.append((name, text))
        childless = False

    def characters(text: str) -> None:
        texts[-1].append(text)

    def doctype(*_: object) -> None:
        raise failure("InvalidXmlDocument", "Document types are not accepted.")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter: an encoding that is unknown
        raise failure("InvalidXmlDocument", str(error)) from error
    return found


def element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def name_element(name: str) -> str:
    """A blob's name; names that XML cannot hold are percent-encoded and marked."""
    if any(ord(character) < 32 or character in "\ufffe\uffff" for character in name):
        return f'<Name Encoded="true">{quote(name)}</Name>'
    return element("Name", name)


def _metadata(metadata: Mapping[str, str]) -> str:
    return f"<Metadata>{''.join(element(key, value) for key, value in metadata.items())}</Metadata>"


def _blob(blob: Blob, with_metadata: bool, tier: Mapping[str, str]) -> str:
    properties = {
        "Creation-Time": http_date(blob.created),
        "Last-Modified": http_date(blob.modified),
        "Etag": blob.etag.strip('"'),
        "Content-Length": str(blob.size),
        **{name: blob.headers.get(key, "") for name, key in LISTED_HEADERS.items()},
        "BlobType": blob.kind,
        "LeaseStatus": "unlocked",
        "LeaseState": "available",
        "ServerEncrypted": "true",
        **({"ResourceType": blob.headers[RESOURCE_TYPE]} if RESOURCE_TYPE in blob.headers else {}),
        **tier,
    }
    inner = "".join(element(name, text) for name, text in properties.items())
    metadata = _metadata(blob.metadata) if with_metadata else ""
    return f"<Blob>{name_element(blob.name)}<Properties>{inner}</Properties>{metadata}</Blob>"


def blob_list(
    address: str,
    container: str,
    echo: Mapping[str, str],
    entries: Iterable[Blob | str],
    next_marker: str,
    with_metadata: bool,
    tier: Callable[[Blob], Mapping[str, str]],
) -> bytes:
    """List Blobs. ``echo``: the request's parameters as elements (Prefix, Marker, MaxResults, Delimiter);
    ``tier``: the elements that tell a blob's tier."""
    body = "".join(
        _blob(entry, with_metadata, tier(entry))
        if isinstance(entry, Blob)
        else f"<BlobPrefix>{name_element(entry)}</BlobPrefix>"
        for entry in entries
    )
    return (
        f"{PROLOGUE}<EnumerationResults ServiceEndpoint={quoteattr(address)} "
        f"ContainerName={quoteattr(container)}>"
        f"{_echo(echo)}<Blobs>{body}</Blobs>{element('NextMarker', next_marker)}</EnumerationResults>"
    ).encode()


def container_list(
    address: str,
    echo: Mapping[str, str],
    containers: Iterable[tuple[str, Mapping[str, str], Mapping[str, str]]],
    next_marker: str,
    with_metadata: bool,
) -> bytes:
    """List Containers; each container is (name, properties, metadata)."""
    body = "".join(
        f"<Container>{element('Name', name)}"
        f"<Properties>{''.join(element(key, value) for key, value in properties.items())}</Properties>"
        f"{_metadata(metadata) if with_metadata else ''}</Container>"
        for name, properties, metadata in containers
    )
    return (
        f"{PROLOGUE}<EnumerationResults ServiceEndpoint={quoteattr(address)}>"
        f"{_echo(echo)}<Containers>{body}</Containers>"
        f"{element('NextMarker', next_marker)}</EnumerationResults>"
    ).encode()


def queue_list(
    address: str,
    echo: Mapping[str, str],
    queues: Iterable[tuple[str, Mapping[str, str] | None]],
    next_marker: str,
) -> bytes:
    """List Queues; each queue is (name, metadata), None for metadata that is not to be shown."""
    body = "".join(
        f"<Queue>{element('Name', name)}{'' if metadata is None else _metadata(metadata)}</Queue>"
        for name, metadata in queues
    )
    return (
        f"{PROLOGUE}<EnumerationResults ServiceEndpoint={quoteattr(address)}>"
        f"{_echo(echo)}<Queues>{body}</Queues>"
        f"{element('NextMarker', next_marker)}</EnumerationResults>"
    ).encode()


def block_list(committed: Iterable[Block] | None, uncommitted: Iterable[Block] | None) -> bytes:
    """Get Block List; None leaves a part out."""
    parts = ""
    for name, blocks in (("CommittedBlocks", committed), ("UncommittedBlocks", uncommitted)):
        if blocks is not None:
            inner = "".join(map(_block, blocks))
            parts += f"<{name}>{inner}</{name}>"
    return f"{PROLOGUE}<BlockList>{parts}</BlockList>".encode()


def _block(block: Block) -> str:
    return f"<Block>{element('Name', block.id)}{element('Size', str(block.size))}</Block>"


def document(root: str, fields: Mapping[str, str]) -> bytes:
    """A flat document."""
    inner = "".join(element(name, text) for name, text in fields.items())
    return f"{PROLOGUE}<{root}>{inner}</{root}>".encode()


def documents(root: str, name: str, items: Iterable[Mapping[str, str]]) -> bytes:
    """A list of flat documents."""
    inner = "".join(
        f"<{name}>{''.join(element(key, text) for key, text in one.items())}</{name}>" for one in items
    )
    return f"{PROLOGUE}<{root}>{inner}</{root}>".encode()


def _echo(fields: Mapping[str, str]) -> str:
    return "".join(element(name, text) for name, text in fields.items() if text)
