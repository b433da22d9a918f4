"""Operations on the blocks of a blob."""

from __future__ import annotations

import base64
import binascii

from emulator.http import Response
from emulator.storage import checksums, operations, ranges, tiers, xml
from emulator.storage.blob_operations import require_write
from emulator.storage.conditions import Conditions
from emulator.storage.context import LEASE, Context, version_headers, written
from emulator.storage.errors import failure

SOURCES = ("Committed", "Uncommitted", "Latest")
LONGEST_ID = 64  # bytes before base64
MOST_BLOCKS = 50_000


def put_block(context: Context) -> Response:
    """Put Block, and Put Block From URL."""
    request = context.request
    require_write(context)
    block_id = _block_id(request.query.get("blockid", ""))
    data = request.body
    if request.headers.get("x-ms-copy-source"):
        data = _source(context)
    checked = checksums.verify(request.headers, data)
    context.blobs.leases.check(context.at, request.headers.get(LEASE, ""))
    context.blobs.stage(context.at, block_id, data)
    return Response(201, {**checked, "x-ms-request-server-encrypted": "true"})


def _source(context: Context) -> bytes:
    headers = context.request.headers
    _, place = context.read_url(headers["x-ms-copy-source"])
    wanted = ranges.requested({"range": headers.get("x-ms-source-range", "")})
    check = Conditions.of(headers, "x-ms-source-").for_read()
    _, data = context.blobs.read(place, check, lambda size: ranges.span(wanted, size))
    return data


def put_block_list(context: Context) -> Response:
    """Put Block List."""
    request = context.request
    require_write(context)
    checked = checksums.verify(request.headers, request.body)
    entries = [(name, text) for name, text in xml.leaves(request.body) if name != "BlockList"]
    wrong = sorted({name for name, _ in entries if name not in SOURCES})
    if wrong or len(entries) > MOST_BLOCKS:
        raise failure(
            "InvalidXmlDocument", f"{len(entries)} blocks; unknown elements: {', '.join(wrong) or 'none'}."
        )
    headers = {
        "content-type": "application/octet-stream",
        **context.content_headers(),
        **tiers.sent(context),
    }
    if "content-md5" in headers:
        checksums.valid_md5(headers["content-md5"])
    check = context.check("write")
    blob = context.blobs.commit(context.at, entries, headers, context.metadata(), check, context.creator)
    return written(blob, extra=checked)


def get_block_list(context: Context) -> Response:
    """Get Block List."""
    context.require(operations.READ_BLOB)
    context.require_container()
    kind = context.request.query.get("blocklisttype", "committed").lower()
    if kind not in ("committed", "uncommitted", "all"):
        raise failure("InvalidQueryParameterValue", f"blocklisttype={kind}")
    blob, staged = context.blobs.blocks(context.at)
    if blob is not None:
        Conditions.of(context.request.headers).for_read()(blob)
    committed = blob.blocks if blob else ()
    body = xml.block_list(
        committed if kind in ("committed", "all") else None,
        staged if kind in ("uncommitted", "all") else None,
    )
    headers = {"content-type": "application/xml", "x-ms-blob-content-length": str(blob.size if blob else 0)}
    return Response(200, headers | (version_headers(blob) if blob else {}), body)


def _block_id(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise failure("InvalidQueryParameterValue", f"blockid={text!r} is not base64.") from error
    if not 1 <= len(raw) <= LONGEST_ID:
        raise failure(
            "InvalidQueryParameterValue", f"blockid={text!r} has {len(raw)} bytes; 1 to 64 are allowed."
        )
    return text
