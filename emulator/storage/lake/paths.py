"""The operations of the dfs endpoint on files and directories."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from emulator.http import Response
from emulator.storage import blob_operations, checksums, immutability, operations
from emulator.storage.conditions import Conditions
from emulator.storage.context import Context, version_headers
from emulator.storage.errors import failure, refusal
from emulator.storage.lake import acl, permission
from emulator.storage.lake.rights import Creator, Rights, is_directory, of
from emulator.storage.metadata import checked, checked_headers
from emulator.storage.model import Address, Blob, http_date

PAGE: Final = 5000
LONGEST_NUMBER: Final = 19  # digits of a 64-bit number
# property kept -> header of requests
CONTENT: Final = {
    name: f"x-ms-{name}"
    for name in (
        "cache-control",
        "content-type",
        "content-encoding",
        "content-language",
        "content-disposition",
        "content-md5",
    )
}


def create(context: Context) -> Response:
    """Path - Create: a file without content, or a directory."""
    directory = context.request.query.get("resource") == "directory"
    blob_operations.require_write(context)
    creator = _creator(context)
    metadata = _properties(context)
    check = context.check("write")
    if directory:
        held = context.blobs.get(context.at)
        check(held)
        made = context.blobs.make_directory(context.at, metadata, creator)
    else:
        headers = {"content-type": "application/octet-stream", **_content(context)}
        made = context.blobs.write(context.at, b"", headers, metadata, check, creator=creator)
    return Response(201, {**version_headers(made), "content-length": "0"})


def append(context: Context) -> Response:
    """Path - Update, append: bytes that become part of the file when they are flushed."""
    context.require(operations.UPDATE_PATH)
    context.require_container()
    if context.request.query.get("flush", "").lower() == "true":
        raise refusal("appends that are flushed at once")
    file = _file(context)
    immutability.keeps(context.arm, context.container_id, "fill")(file)
    verified = checksums.verify(context.request.headers, context.request.body)
    position = _number(context, "position")
    if position < file.size:
        raise failure("InvalidFlushPosition", f"The file has {file.size} bytes; position is {position}.")
    context.blobs.stage(context.at, f"{position:0{LONGEST_NUMBER}d}", context.request.body)
    return Response(202, {**verified, "x-ms-request-server-encrypted": "true"})


def flush(context: Context) -> Response:
    """Path - Update, flush: what was appended becomes the file's content."""
    context.require(operations.UPDATE_PATH)
    context.require_container()
    if context.request.query.get("retainuncommitteddata", "").lower() == "true":
        raise refusal("flushes that retain uncommitted data")
    _file(context)
    length = _number(context, "position")
    made = context.blobs.flush(context.at, length, _content(context), context.check("fill"))
    return Response(200, version_headers(made))


def read(context: Context) -> Response:
    """Path - Read."""
    _file(context, needed=False)
    return blob_operations.get_blob(context)


def get_status(context: Context) -> Response:
    """Path - Get Properties."""
    if not context.blob:
        context.require(operations.READ_BLOB)
        return Response(200, {"x-ms-resource-type": "directory", **_rights(context).headers()})
    answer = blob_operations.get_properties(context)
    answer.headers.pop("x-ms-acl", None)
    return answer


def get_access_control(context: Context) -> Response:
    """Path - Get Properties, getAccessControl: owner, group, permissions and list."""
    context.require(operations.READ_BLOB)
    context.require_container()
    if context.request.query.get("upn", "").lower() == "true":
        raise refusal("access control lists with names of people (upn)")
    rights = _rights(context)
    held = context.blobs.get(context.at) if context.blob else None
    if held is not None:
        Conditions.of(context.request.headers).for_read()(held)
    return Response(200, {**(version_headers(held) if held else {}), **rights.headers()})


def set_access_control(context: Context) -> Response:
    """Path - Update, setAccessControl.

    The owner of a path may change its list and its permissions, and hand it to a group that it is in;
    another owner is given by super-users alone.
    """
    context.require_container()
    if immutability.policy_of(context.arm, context.container_id) is not None:
        raise refusal("setAccessControl in a container with an immutability policy")
    rights = _rights(context)
    sent = context.request.headers
    owner, group = sent.get("x-ms-owner", "").lower(), sent.get("x-ms-group", "").lower()
    if not context.access.superuser(context.container_id):
        principal = getattr(context.access, "principal", None)
        if principal is None or principal.object_id != rights.owner:
            raise failure("AuthorizationPermissionMismatch", "Set Access Control: you do not own the path.")
        if owner not in ("", rights.owner):
            raise failure("AuthorizationPermissionMismatch", "Only a super-user changes who owns a path.")
        if group not in ("", rights.group, *principal.groups):
            raise failure("AuthorizationPermissionMismatch", f"You are not in the group {group}.")
    if sent.get("x-ms-acl") and sent.get("x-ms-permissions"):
        raise failure("InvalidInput", "x-ms-acl and x-ms-permissions exclude each other.")
    entries = rights.entries
    if sent.get("x-ms-acl"):
        entries = acl.parse(sent["x-ms-acl"])
    elif sent.get("x-ms-permissions"):
        given = {entry.kind: entry.permissions for entry in acl.of_permissions(sent["x-ms-permissions"])}
        masked = any(entry.kind == "mask" and not entry.default for entry in entries)
        given["mask"] = given["group"]
        entries = tuple(
            replace(entry, permissions=given[entry.kind])
            if not entry.default and not entry.who and not (masked and entry.kind == "group")
            else entry
            for entry in entries
        )
    made = Rights(owner or rights.owner, group or rights.group, entries)
    if not context.blob:
        permission.set_root(context.arm.store, context.account.name, context.container, made)
        return Response(200)
    check = Conditions.of(context.request.headers).for_write()
    held = context.blobs.existing(context.at)
    if any(entry.default for entry in entries) and not is_directory(held):
        raise failure("InvalidInput", "Default entries are for directories.")
    changed = context.blobs.update(context.at, check, headers={**held.headers, **made.headers()})
    return Response(200, version_headers(changed))


def rename(context: Context) -> Response:
    """Path - Create with x-ms-rename-source, in one filesystem."""
    raw = context.request.headers["x-ms-rename-source"].partition("?")[0]
    system, _, name = unquote(raw).removeprefix("/").partition("/")
    if system != context.container:
        raise refusal("renames from one filesystem to another")
    source = replace(context, blob=name.rstrip("/"))
    source.require(operations.DELETE_BLOB)
    blob_operations.require_write(context)
    moved = context.blobs.get(source.at)
    if moved is None:
        raise failure("SourcePathNotFound", source.at.url())
    Conditions.of(context.request.headers, "x-ms-source-").for_write()(moved)
    below = context.blobs.list(context.account.name, context.container, f"{source.blob}/").entries
    keeps = immutability.keeps(context.arm, context.container_id, "write")
    for blob in (moved, *(entry for entry in below if isinstance(entry, Blob))):
        keeps(blob)
    if f"{context.blob}/".startswith(f"{source.blob}/"):
        raise failure("PathConflict", f"{source.blob} cannot be moved into itself.")
    standing = context.blobs.get(context.at)
    context.check("write")(standing)
    if standing is not None:
        if is_directory(standing) != is_directory(moved):
            raise failure("PathConflict", context.at.url())
        context.blobs.delete(context.at)
    made = context.blobs.move(source.at, context.at, _creator(context))
    return Response(201, {**version_headers(made), "content-length": "0"})


def delete(context: Context) -> Response:
    """Path - Delete: a file, or a directory with or without what is in it."""
    context.require(operations.DELETE_BLOB)
    context.require_container()
    check = context.check("delete")
    held = context.blobs.existing(context.at)
    check(held)
    if is_directory(held):
        inside = f"{context.blob}/"
        recursive = context.request.query.get("recursive", "").lower() == "true"
        while entries := context.blobs.list(context.account.name, context.container, inside).entries:
            if not recursive:
                raise failure("DirectoryIsNotEmpty", context.at.url())
            found = [entry for entry in entries if isinstance(entry, Blob)]
            keeps = immutability.keeps(context.arm, context.container_id, "delete")
            for blob in found:
                keeps(blob)
            for blob in reversed(found):  # what is in a directory before it
                context.blobs.delete(replace(context.at, name=blob.name))
    context.blobs.delete(context.at, check)
    return Response(200)


def list_paths(context: Context) -> Response:
    """Path - List."""
    query = context.request.query
    folder = query.get("directory", "").strip("/")
    listed = replace(context, blob=folder)
    listed.require(operations.LIST_BLOBS)
    listed.require_container()
    if folder and not is_directory(context.blobs.existing(listed.at)):
        raise failure("PathConflict", f"{folder} is no directory.")
    size = min(_number(context, "maxresults") if query.get("maxresults") else PAGE, PAGE)
    recursive = query.get("recursive", "").lower() == "true"
    start = _unmark(query.get("continuation", ""))
    page = context.blobs.list(
        context.account.name,
        context.container,
        f"{folder}/" if folder else "",
        "" if recursive else "/",
        start,
        max(size, 1),
    )
    found = [
        entry
        if isinstance(entry, Blob)
        else context.blobs.existing(Address(context.account.name, context.container, entry.rstrip("/")))
        for entry in page.entries
    ]
    mark = base64.urlsafe_b64encode(page.next.encode()).decode()
    headers = {"x-ms-continuation": mark} if page.next else {}
    return Response.json({"paths": [_listed(blob) for blob in found]}, headers=headers)


def _listed(blob: Blob) -> dict[str, str]:
    rights = of(blob.headers)
    shown = {
        "name": blob.name,
        "contentLength": str(blob.size),
        "lastModified": http_date(blob.modified),
        "etag": blob.etag.strip('"'),
        "owner": rights.owner,
        "group": rights.group,
        "permissions": acl.permissions(rights.entries),
        "creationTime": str(int((blob.created + 11_644_473_600) * 10_000_000)),  # as Windows counts time
    }
    return shown | ({"isDirectory": "true"} if is_directory(blob) else {})


def _file(context: Context, *, needed: bool = True) -> Blob:
    """The file that is asked for; 404 where there is none, unless it is not needed yet."""
    held = context.blobs.get(context.at)
    if held is None and needed:
        raise failure("PathNotFound", context.at.url())
    if held is not None and is_directory(held):
        raise failure("PathConflict", f"{context.at.url()} is a directory.")
    return held if held is not None else Blob(context.blob, "", 0, 0, 0.0, 0.0)


def _rights(context: Context) -> Rights:
    found = permission.rights_at(context.arm.store, context.blobs, context.at)
    if found is None:
        raise failure("PathNotFound", context.at.url())
    return found


def _creator(context: Context) -> Creator:
    """Who owns what comes into being, with the permissions that the request asks for."""
    creator = context.creator
    if creator is None:
        raise RuntimeError("the dfs endpoint answers for hierarchical namespaces alone")
    sent = context.request.headers
    for name in ("x-ms-owner", "x-ms-group", "x-ms-expiry-option", "x-ms-proposed-lease-id"):
        if sent.get(name):
            raise refusal(f"{name} at the creation of a path")
    if sent.get("x-ms-acl"):
        return replace(creator, entries=acl.parse(sent["x-ms-acl"]))
    umask = creator.umask
    if text := sent.get("x-ms-umask"):
        umask = acl.mode(acl.of_permissions(text))
    if text := sent.get("x-ms-permissions"):
        mode = acl.mode(acl.of_permissions(text)) & ~umask
        return replace(creator, entries=acl.of_permissions(f"{mode:03o}"))
    return replace(creator, umask=umask)


def _content(context: Context) -> dict[str, str]:
    sent = context.request.headers
    return checked_headers({name: sent[header] for name, header in CONTENT.items() if sent.get(header)})


def _properties(context: Context) -> dict[str, str]:
    """The metadata of a path: ``name=base64,…``."""
    text = context.request.headers.get("x-ms-properties", "")
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeError) as error:
            words = f"x-ms-properties: {part[:40]!r} is no name=base64."
            raise failure("InvalidHeaderValue", words) from error
    return checked(found)


def _number(context: Context, name: str) -> int:
    text = context.request.query.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER - 1:
        raise failure("InvalidQueryParameterValue", f"{name}={text[:40]!r} is no number.")
    return int(text)


def _unmark(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        words = f"continuation={marker[:40]!r} is of no earlier page."
        raise failure("InvalidQueryParameterValue", words) from error
