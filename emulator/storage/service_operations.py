"""Operations on the account: its information, and user delegation keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from emulator.http import Response
from emulator.identity.directory import TENANT_ID
from emulator.storage import operations, xml
from emulator.storage.access import ByRole
from emulator.storage.context import Context
from emulator.storage.errors import failure, refusal
from emulator.storage.plane import LATEST_VERSION
from emulator.storage.signatures import DelegationKey

LONGEST = timedelta(days=7)
TIME = "%Y-%m-%dT%H:%M:%SZ"


def account_information(context: Context) -> Response:
    """Get Account Information."""
    context.access.require(operations.ACCOUNT_INFORMATION, context.account.id)
    resource = context.arm.store.get(context.account.id) or {}
    return Response(
        200,
        {
            "x-ms-sku-name": resource.get("sku", {}).get("name", "Standard_LRS"),
            "x-ms-account-kind": resource.get("kind", "StorageV2"),
            "x-ms-is-hns-enabled": str(bool(resource.get("properties", {}).get("isHnsEnabled"))).lower(),
        },
    )


def user_delegation_key(context: Context) -> Response:
    """Get User Delegation Key: only for the bearer of a token who may ask for it."""
    if not isinstance(context.access, ByRole):
        raise failure("AuthenticationFailed", "Only authentication scheme Bearer is supported.")
    context.access.require(operations.USER_DELEGATION_KEY, context.account.id)
    fields = dict(xml.leaves(context.request.body))
    if fields.get("DelegatedUserTid"):
        raise refusal("user delegation keys for users of another tenant (DelegatedUserTid)")
    now = datetime.now(UTC)
    start = _time(fields["Start"]) if fields.get("Start") else now
    expiry = _time(fields.get("Expiry", ""))
    if expiry <= max(now, start) or expiry > now + LONGEST:
        raise failure(
            "OutOfRangeInput", f"Expiry is {expiry:{TIME}}; it must be after the start and within 7 days."
        )
    version = context.request.headers.get("x-ms-version", LATEST_VERSION)
    key = DelegationKey(
        context.access.principal.object_id, TENANT_ID, f"{start:{TIME}}", f"{expiry:{TIME}}", "b", version
    )
    fields = {
        "SignedOid": key.oid,
        "SignedTid": key.tid,
        "SignedStart": key.start,
        "SignedExpiry": key.expiry,
        "SignedService": key.service,
        "SignedVersion": key.version,
        "Value": key.value(context.account.delegation),
    }
    return Response(200, {"content-type": "application/xml"}, xml.document("UserDelegationKey", fields))


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise failure("InvalidXmlDocument", f"{text!r} is no time such as 2030-01-31T12:00:00Z.") from error
