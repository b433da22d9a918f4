"""Lease Blob: acquire, renew, change, release and break."""

from __future__ import annotations

from emulator.http import Response
from emulator.storage import operations
from emulator.storage.conditions import Conditions
from emulator.storage.context import Context, version_headers
from emulator.storage.errors import failure
from emulator.storage.model import Blob


def lease_blob(context: Context) -> Response:
    """One action, which a header names."""
    context.require(operations.LEASE_BLOB)
    context.require_container()
    blob = context.blobs.existing(context.at)
    Conditions.of(context.request.headers).for_write()(blob)
    action = context.request.headers.get("x-ms-lease-action", "").lower()
    if action == "acquire":
        return _acquire(context, blob)
    if action == "break":
        left = context.blobs.leases.end(context.at, _number(context, "x-ms-lease-break-period"))
        return Response(202, {**version_headers(blob), "x-ms-lease-time": str(left)})
    given = context.request.headers.get("x-ms-lease-id", "")
    if action not in ("renew", "change", "release"):
        raise failure("InvalidHeaderValue", f"x-ms-lease-action is {action!r}.")
    if not given:
        raise failure("MissingRequiredHeader", "x-ms-lease-id.")
    if action == "release":
        context.blobs.leases.release(context.at, given)
        return Response(200, version_headers(blob))
    if action == "renew":
        lease = context.blobs.leases.renew(context.at, given)
    else:
        proposed = context.request.headers.get("x-ms-proposed-lease-id", "")
        lease = context.blobs.leases.change(context.at, given, proposed)
    return Response(200, {**version_headers(blob), "x-ms-lease-id": lease.id})


def _acquire(context: Context, blob: Blob) -> Response:
    duration = _number(context, "x-ms-lease-duration")
    if duration is None:
        raise failure("MissingRequiredHeader", "x-ms-lease-duration.")
    proposed = context.request.headers.get("x-ms-proposed-lease-id", "")
    lease = context.blobs.leases.acquire(context.at, duration, proposed)
    return Response(201, {**version_headers(blob), "x-ms-lease-id": lease.id})


def _number(context: Context, header: str) -> int | None:
    text = context.request.headers.get(header, "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise failure("InvalidHeaderValue", f"{header} is {text[:20]!r}.") from error
