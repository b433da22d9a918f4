"""Access tiers of block blobs: that of the account unless a blob was given its own."""

from __future__ import annotations

from typing import Final

from emulator.http import Response
from emulator.storage import operations
from emulator.storage.conditions import Conditions
from emulator.storage.context import Context
from emulator.storage.errors import failure, refusal
from emulator.storage.model import BLOCK_BLOB, TIER, Blob

TIERS: Final = ("Hot", "Cool", "Cold")
OFFLINE: Final = "Archive"
INFERRED: Final = "x-ms-access-tier-inferred"


def sent(context: Context) -> dict[str, str]:
    """The tier that a request gives a blob, as it is kept with its content properties."""
    given = context.request.headers.get(TIER, "")
    if not given:
        return {}
    if not context.account.tier:
        raise failure("InvalidHeaderValue", f"{TIER} is {given!r}: blobs of this account have no tiers.")
    if given == OFFLINE:
        raise refusal(f"the tier {OFFLINE}, in which a blob cannot be read; use {' or '.join(TIERS)}")
    if given not in TIERS:
        raise failure("InvalidHeaderValue", f"{TIER} is {given!r}: {', '.join(TIERS)} or {OFFLINE}.")
    return {TIER: given}


def headers(blob: Blob, account_tier: str) -> dict[str, str]:
    """What answers say of a blob's tier."""
    if blob.kind != BLOCK_BLOB or not account_tier:
        return {}
    own = blob.headers.get(TIER)
    return {TIER: own} if own else {TIER: account_tier, INFERRED: "true"}


def elements(blob: Blob, account_tier: str) -> dict[str, str]:
    """The same, as elements of a listing."""
    found = headers(blob, account_tier)
    names = {TIER: "AccessTier", INFERRED: "AccessTierInferred"}
    return {names[name]: text for name, text in found.items()}


def set_tier(context: Context) -> Response:
    """Set Blob Tier: at once, and neither ETag nor Last-Modified change."""
    context.require(operations.WRITE_BLOB)
    context.require_container()
    tier = sent(context)
    if not tier:
        raise failure("MissingRequiredHeader", f"{TIER}: {', '.join(TIERS)}.")
    blob = context.blobs.existing(context.at)
    if blob.kind != BLOCK_BLOB:
        raise failure("InvalidBlobType", f"{context.at.url()} is a {blob.kind}.")
    check = Conditions.of(context.request.headers).for_write()
    context.blobs.update(context.at, check, headers={**blob.headers, **tier}, touch=False)
    return Response(200)
