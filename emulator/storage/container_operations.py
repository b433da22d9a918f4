"""Operations on containers, which are ARM resources: the data plane and ARM see the same ones."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from emulator.errors import AzureError
from emulator.http import Response
from emulator.storage import immutability, operations, tiers, xml
from emulator.storage.accounts import CONTAINER_NAME
from emulator.storage.blobs import Page
from emulator.storage.context import Context
from emulator.storage.errors import failure, refusal
from emulator.storage.hooks import container_stamp

PAGE = 5000
KNOWN_INCLUDES = {"metadata", "copy"}  # copies are done at once: there is no state of theirs to show


def create_container(context: Context) -> Response:
    """Create Container."""
    context.require(operations.CREATE_CONTAINER)
    if not CONTAINER_NAME.fullmatch(context.container):
        raise failure("InvalidResourceName", f"Container {context.container!r}.")
    if context.request.headers.get("x-ms-blob-public-access"):
        raise failure("PublicAccessNotPermitted")
    if context.account.service or context.arm.store.get(context.container_id) is not None:
        raise failure("ContainerAlreadyExists", f"{context.account.name}/{context.container}")
    body = {"properties": {"metadata": context.metadata(), "publicAccess": "None"}}
    resource, _ = context.arm.put(context.container_id, body)
    return Response(201, _state(resource))


def get_container(context: Context) -> Response:
    """Get Container Properties, and Get Container Metadata."""
    context.require(operations.READ_CONTAINER)
    resource = _resource(context)
    metadata = resource["properties"].get("metadata") or {}
    return Response(
        200,
        {
            **_state(resource),
            **{f"x-ms-meta-{name}": value for name, value in metadata.items()},
            "x-ms-lease-status": "unlocked",
            "x-ms-lease-state": "available",
            "x-ms-has-immutability-policy": _has_policy(context, context.container_id),
            "x-ms-has-legal-hold": "false",
            "x-ms-default-encryption-scope": "$account-encryption-key",
            "x-ms-deny-encryption-scope-override": "false",
        },
    )


def set_container_metadata(context: Context) -> Response:
    """Set Container Metadata: replaces all of it."""
    context.require(operations.WRITE_CONTAINER)
    resource = _resource(context)
    if context.account.service:
        raise refusal("metadata on containers of a service's own account")
    properties = {**resource["properties"], "metadata": context.metadata()}
    changed, _ = context.arm.put(context.container_id, {"properties": properties})
    return Response(200, _state(changed))


def delete_container(context: Context) -> Response:
    """Delete Container, its blobs with it, for good."""
    context.require(operations.DELETE_CONTAINER)
    _resource(context)
    if context.account.service:
        raise refusal("deletion of containers of a service's own account")
    try:
        context.arm.delete(context.container_id)
    except AzureError as error:
        if error.code == "ScopeLocked":
            raise AzureError(409, error.code, error.message) from error
        raise
    return Response(202)


def get_container_acl(context: Context) -> Response:
    """Get Container ACL: there are no stored access policies and no public access."""
    context.require(operations.READ_CONTAINER)
    headers = {**_state(_resource(context)), "content-type": "application/xml"}
    return Response(200, headers, xml.document("SignedIdentifiers", {}))


def list_blobs(context: Context) -> Response:
    """List Blobs, flat or with a delimiter."""
    context.require(operations.LIST_BLOBS)
    context.require_container()
    query = context.request.query
    include = includes(context)
    if query.get("endbefore") or query.get("showonly"):
        raise refusal("List Blobs with endBefore or showonly")
    limit = page_size(context)
    start = max(_unmark(query.get("marker", "")), query.get("startfrom", ""))
    page: Page = context.blobs.list(
        context.account.name,
        context.container,
        query.get("prefix", ""),
        query.get("delimiter", ""),
        start,
        limit,
    )
    body = xml.blob_list(
        f"https://{context.request.host}/",
        context.container,
        echo(context),
        page.entries,
        _mark(page.next),
        "metadata" in include,
        lambda blob: tiers.elements(blob, context.account.tier),
    )
    return Response(200, {"content-type": "application/xml"}, body)


def list_containers(context: Context) -> Response:
    """List Containers of the account."""
    context.access.require(operations.LIST_CONTAINERS, context.account.id)
    query, limit = context.request.query, page_size(context)
    include = includes(context)
    prefix, start = query.get("prefix", ""), _unmark(query.get("marker", ""))
    found = sorted(
        context.arm.store.children(context.account.container_id("")), key=lambda item: str(item["name"])
    )
    chosen = [item for item in found if item["name"].startswith(prefix) and item["name"] >= start]
    shown = [
        (
            item["name"],
            {
                "Last-Modified": container_stamp(item)[1],
                "Etag": container_stamp(item)[0],
                "LeaseStatus": "unlocked",
                "LeaseState": "available",
                "DefaultEncryptionScope": "$account-encryption-key",
                "DenyEncryptionScopeOverride": "false",
                "HasImmutabilityPolicy": _has_policy(context, item["id"]),
                "HasLegalHold": "false",
            },
            item["properties"].get("metadata") or {},
        )
        for item in chosen[:limit]
    ]
    following = chosen[limit]["name"] if len(chosen) > limit else ""
    body = xml.container_list(
        f"https://{context.request.host}/", echo(context), shown, _mark(following), "metadata" in include
    )
    return Response(200, {"content-type": "application/xml"}, body)


def includes(context: Context) -> set[str]:
    """What a listing is to include; what is not emulated is refused by name."""
    wanted = {part for part in context.request.query.get("include", "").lower().split(",") if part}
    if unknown := wanted - KNOWN_INCLUDES:
        raise refusal(f"listings that include {', '.join(sorted(unknown))}")
    return wanted


def page_size(context: Context) -> int:
    text = context.request.query.get("maxresults", "")
    if not text:
        return PAGE
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise failure("OutOfRangeInput", f"maxresults={text!r}: 1 to {PAGE} is wanted.")
    return min(int(text), PAGE)


def echo(context: Context) -> dict[str, str]:
    query = context.request.query
    names = {"Prefix": "prefix", "Marker": "marker", "MaxResults": "maxresults", "Delimiter": "delimiter"}
    return {element: query.get(name, "") for element, name in names.items()}


def _has_policy(context: Context, container_id: str) -> str:
    return str(immutability.policy_of(context.arm, container_id) is not None).lower()


def _resource(context: Context) -> dict[str, Any]:
    context.require_container()
    if context.account.service:
        return {"properties": {}}
    resource = context.arm.store.get(context.container_id)
    if resource is None:
        raise failure("ContainerNotFound")
    return resource


def _state(resource: dict[str, Any]) -> dict[str, str]:
    etag, modified = container_stamp(resource)
    return {"etag": etag, "last-modified": modified}


def _mark(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _unmark(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise failure("InvalidQueryParameterValue", f"marker={marker!r} is of no earlier page.") from error
