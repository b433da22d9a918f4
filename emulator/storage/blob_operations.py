"""Operations on one blob."""

from __future__ import annotations

from emulator.errors import AzureError
from emulator.http import Response
from emulator.storage import checksums, operations, ranges, tiers
from emulator.storage.blobs import md5
from emulator.storage.conditions import Conditions
from emulator.storage.context import Context, blob_headers, version_headers, written
from emulator.storage.errors import failure, refusal
from emulator.storage.metadata import checked_headers
from emulator.storage.model import APPEND_BLOB, BLOCK_BLOB, RIGHTS, TIER, Blob
from emulator.storage.operations import Operation

RANGE_MD5_LIMIT = 4 << 20
LONGEST_NUMBER = 19  # digits of a 64-bit number


def get_blob(context: Context) -> Response:
    """Get Blob, whole or a range."""
    request = context.request
    context.require(operations.READ_BLOB)
    context.require_container()
    wanted = ranges.requested(request.headers)
    check = Conditions.of(request.headers).for_read()
    offset = 0

    def span(size: int) -> tuple[int, int]:
        nonlocal offset
        offset, length = ranges.span(wanted, size)
        return offset, length

    blob, data = context.blobs.read(context.at, check, span)
    headers = _headers(context, blob)
    if wanted is None:
        return Response(200, headers, data)
    whole = headers.pop("content-md5", None)
    if whole:
        headers["x-ms-blob-content-md5"] = whole
    if request.headers.get("x-ms-range-get-content-md5", "").lower() == "true":
        if len(data) > RANGE_MD5_LIMIT:
            raise failure("InvalidHeaderValue", "x-ms-range-get-content-md5 is for ranges of 4 MiB at most.")
        headers["content-md5"] = md5(data)
    headers["content-range"] = f"bytes {offset}-{offset + len(data) - 1}/{blob.size}"
    return Response(206, headers, data)


def _headers(context: Context, blob: Blob) -> dict[str, str]:
    return {
        **blob_headers(blob, context.request.query),
        **context.blobs.leases.headers(context.at),
        **tiers.headers(blob, context.account.tier),
    }


def get_properties(context: Context) -> Response:
    """Get Blob Properties."""
    context.require(operations.READ_BLOB)
    context.require_container()
    blob = context.blobs.existing(context.at)
    Conditions.of(context.request.headers).for_read()(blob)
    headers = _headers(context, blob)
    return Response(200, {**headers, "content-length": str(blob.size)})


def get_metadata(context: Context) -> Response:
    """Get Blob Metadata."""
    context.require(operations.READ_BLOB)
    context.require_container()
    blob = context.blobs.existing(context.at)
    Conditions.of(context.request.headers).for_read()(blob)
    return Response(
        200, {**version_headers(blob), **{f"x-ms-meta-{key}": text for key, text in blob.metadata.items()}}
    )


def require_write(context: Context, new: Operation = operations.CREATE_BLOB) -> None:
    """The right to write this blob: a new one needs less than one that exists.

    Whoever may only make new ones is told of the one that exists, whatever conditions the request has
    (Azure/azure-rest-api-specs#32708, Azure/azure-cli#19203).
    """
    if context.blobs.get(context.at) is None:
        context.require(new)
    else:
        try:
            context.require(operations.WRITE_BLOB)
        except AzureError as error:
            if error.status != 403 or not context.allows(new):
                raise
            raise failure("UnauthorizedBlobOverwrite", error.message) from error
    context.require_container()


def put_blob(context: Context) -> Response:
    """Put Blob, Copy Blob, Copy Blob From URL, Put Blob From URL: the headers tell which."""
    request = context.request
    require_write(context, operations.PUT_BLOB)
    if request.headers.get("x-ms-copy-source"):
        return _copy(context)
    check = context.check("write")
    kind = request.headers.get("x-ms-blob-type", "")
    if not kind:
        raise failure("MissingRequiredHeader", "x-ms-blob-type: BlockBlob or AppendBlob.")
    if kind not in (BLOCK_BLOB, APPEND_BLOB):
        raise refusal(f"blobs of type {kind}")
    if kind == APPEND_BLOB and request.body:
        raise failure("InvalidHeaderValue", "content-length of a new append blob must be 0.")
    checked = checksums.verify(request.headers, request.body)
    headers = {
        **checked_headers(
            {"content-type": request.headers.get("content-type") or "application/octet-stream"}
        ),
        **({"content-md5": checked.get("content-md5") or md5(request.body)} if kind == BLOCK_BLOB else {}),
        **context.content_headers(),
        **(tiers.sent(context) if kind == BLOCK_BLOB else {}),
    }
    sent_md5 = request.headers.get("x-ms-blob-content-md5")
    if sent_md5 and checksums.valid_md5(sent_md5) != md5(request.body):
        raise failure("Md5Mismatch", "x-ms-blob-content-md5 is not that of the body.")
    blob = context.blobs.write(
        context.at, request.body, headers, context.metadata(), check, kind, context.creator
    )
    return written(blob, extra=checked)


def _copy(context: Context) -> Response:
    request = context.request
    source, place = context.read_url(request.headers["x-ms-copy-source"])
    Conditions.of(request.headers, "x-ms-source-").for_read()(source)
    kept = {name: text for name, text in source.headers.items() if name not in (TIER, *RIGHTS)}
    headers = {**kept, **context.content_headers(), **tiers.sent(context)}
    metadata = context.metadata() or source.metadata
    check = context.check("write")
    try:
        blob = context.blobs.copy(source, context.at, headers, metadata, check, context.creator)
    except FileNotFoundError as error:
        raise failure("CannotVerifyCopySource", f"{place.url()} was replaced meanwhile.") from error
    from_url = bool(request.headers.get("x-ms-blob-type"))
    extra = {} if from_url else {"x-ms-copy-id": source.content, "x-ms-copy-status": "success"}
    return written(blob, 201 if from_url else 202, extra)


def append_block(context: Context) -> Response:
    """Append Block."""
    request = context.request
    context.require(operations.APPEND_BLOCK)
    context.require_container()
    checked = checksums.verify(request.headers, request.body)
    condition = context.check("append")
    position = _integer(request.headers.get("x-ms-blob-condition-appendpos"))
    limit = _integer(request.headers.get("x-ms-blob-condition-maxsize"))

    def check(blob: object) -> None:
        current = context.blobs.existing(context.at)
        condition(current)
        too_long = limit is not None and current.size + len(request.body) > limit
        if too_long or (position is not None and position != current.size):
            raise failure("AppendPositionConditionNotMet", f"The blob has {current.size} bytes.")

    blob, offset = context.blobs.append(context.at, request.body, check)
    extra = {"x-ms-blob-append-offset": str(offset), "x-ms-blob-committed-block-count": str(len(blob.blocks))}
    return written(blob, extra={**checked, **extra})


def set_properties(context: Context) -> Response:
    """Set Blob Properties: what is not sent is cleared."""
    context.require(operations.WRITE_BLOB)
    context.require_container()
    for name in ("x-ms-blob-content-length", "x-ms-sequence-number-action"):
        if context.request.headers.get(name):
            raise refusal(f"page blobs ({name})")
    headers = context.content_headers()
    if "content-md5" in headers:
        checksums.valid_md5(headers["content-md5"])
    tier = context.blobs.existing(context.at).headers.get(TIER)
    if tier:
        headers[TIER] = tier
    check = context.check("write")
    return written(context.blobs.update(context.at, check, headers=headers), 200)


def set_metadata(context: Context) -> Response:
    """Set Blob Metadata: replaces all of it."""
    context.require(operations.WRITE_BLOB)
    context.require_container()
    return written(context.blobs.update(context.at, context.check("write"), metadata=context.metadata()), 200)


def delete_blob(context: Context) -> Response:
    """Delete Blob: at once and for good (soft delete is not emulated)."""
    context.require(operations.DELETE_BLOB)
    context.require_container()
    context.blobs.delete(context.at, context.check("delete"))
    return Response(202, {"x-ms-delete-type-permanent": "true"})


def _integer(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise failure("InvalidHeaderValue", f"{text[:40]!r} is no number of bytes.")
    return int(text)
