"""Operations on the account's queues, which are ARM resources: the data plane and ARM see the same ones."""

from __future__ import annotations

from typing import Final

from emulator.errors import AzureError
from emulator.http import Response
from emulator.storage import xml
from emulator.storage.accounts import QUEUE_NAME
from emulator.storage.context import META
from emulator.storage.errors import failure, refusal
from emulator.storage.queues import operations
from emulator.storage.queues.context import Context

PAGE: Final = 5000
XML: Final = {"content-type": "application/xml"}
# what every account has, as nobody has changed it
PROPERTIES: Final = (
    f"{xml.PROLOGUE}<StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete>"
    "<Read>false</Read><Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"
    "</Logging><HourMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy>"
    "<Enabled>false</Enabled></RetentionPolicy></HourMetrics><MinuteMetrics><Version>1.0</Version>"
    "<Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>"
    "<Cors /></StorageServiceProperties>"
).encode()


def list_queues(context: Context) -> Response:
    """List Queues of the account."""
    context.access.require(operations.LIST_QUEUES, context.account.id)
    query = context.request.query
    wanted = {part for part in query.get("include", "").lower().split(",") if part}
    if wanted - {"metadata"}:
        unknown = ", ".join(sorted(wanted - {"metadata"}))
        raise refusal(f"listings of queues that include {unknown}", "Queue service")
    size = context.number("maxresults", PAGE, 1, PAGE)
    prefix, start = query.get("prefix", ""), query.get("marker", "").rpartition("/")[2]
    found = sorted(context.arm.store.children(context.account.queue_id("")), key=lambda one: str(one["name"]))
    chosen = [one for one in found if one["name"].startswith(prefix) and one["name"] >= start]
    shown = [
        (one["name"], (one["properties"].get("metadata") or {}) if "metadata" in wanted else None)
        for one in chosen[:size]
    ]
    following = f"/{context.account.name}/{chosen[size]['name']}" if len(chosen) > size else ""
    echo = {"Prefix": prefix, "Marker": query.get("marker", ""), "MaxResults": str(size)}
    return Response(200, XML, xml.queue_list(f"https://{context.request.host}/", echo, shown, following))


def get_service_properties(context: Context) -> Response:
    """Get Queue Service Properties."""
    context.access.require(operations.SERVICE_PROPERTIES, context.account.id)
    return Response(200, XML, PROPERTIES)


def create_queue(context: Context) -> Response:
    """Create Queue; one that is there with the same metadata is no error."""
    context.require(operations.CREATE_QUEUE)
    if not QUEUE_NAME.fullmatch(context.queue):
        raise failure("InvalidResourceName", f"Queue {context.queue!r}.")
    metadata = context.metadata()
    held = context.arm.store.get(context.queue_id)
    if held is not None:
        if (held["properties"].get("metadata") or {}) != metadata:
            raise failure(
                "QueueAlreadyExists", f"{context.account.name}/{context.queue}, with other metadata"
            )
        return Response(204)
    context.arm.put(context.queue_id, {"properties": {"metadata": metadata}})
    return Response(201)


def delete_queue(context: Context) -> Response:
    """Delete Queue, its messages with it, at once."""
    context.require(operations.DELETE_QUEUE)
    context.resource()
    try:
        context.arm.delete(context.queue_id)
    except AzureError as error:
        if error.code == "ScopeLocked":
            raise AzureError(409, error.code, error.message) from error
        raise
    return Response(204)


def get_metadata(context: Context) -> Response:
    """Get Queue Metadata, and about how many messages there are."""
    context.require(operations.READ_QUEUE)
    metadata: dict[str, str] = context.resource()["properties"].get("metadata") or {}
    count = context.messages.count(context.account.name, context.queue)
    return Response(
        200,
        {
            "x-ms-approximate-messages-count": str(count),
            **{f"{META}{name}": text for name, text in metadata.items()},
        },
    )


def set_metadata(context: Context) -> Response:
    """Set Queue Metadata: replaces all of it."""
    context.require(operations.WRITE_QUEUE)
    held = context.resource()
    context.arm.put(context.queue_id, {"properties": {**held["properties"], "metadata": context.metadata()}})
    return Response(204)


def get_acl(context: Context) -> Response:
    """Get Queue ACL: there are no stored access policies."""
    context.require(operations.READ_QUEUE)
    context.resource()
    return Response(200, XML, xml.document("SignedIdentifiers", {}))
