"""Static websites: the setting of an account, and its pages at `ACCOUNT.z1.web.core.windows.net`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.storage import operations, xml
from emulator.storage.context import Context
from emulator.storage.errors import failure, refusal
from emulator.storage.service import Blobs

SETTING: Final = "storage-static-website"  # documents: account -> {enabled, index, error}
CONTAINER: Final = "$web"
HOSTS: Final = "*.web.core.windows.net"
KNOWN: Final = {"Enabled", "IndexDocument", "ErrorDocument404Path", "DefaultIndexDocumentPath"}


def get_service_properties(context: Context) -> Response:
    """Get Blob Service Properties: what is emulated of it, the static website."""
    context.access.require(operations.SERVICE_PROPERTIES, context.account.id)
    held = context.arm.store.document(SETTING, context.account.name) or {}
    parts = [xml.element("Enabled", str(bool(held.get("enabled"))).lower())]
    parts += [xml.element(name, held[name]) for name in sorted(KNOWN - {"Enabled"}) if held.get(name)]
    body = (
        f"{xml.PROLOGUE}<StorageServiceProperties><StaticWebsite>{''.join(parts)}</StaticWebsite>"
        "</StorageServiceProperties>"
    )
    return Response(200, {"content-type": "application/xml"}, body.encode())


def set_service_properties(context: Context) -> Response:
    """Set Blob Service Properties: the static website and nothing else."""
    context.access.require(operations.SET_SERVICE_PROPERTIES, context.account.id)
    fields = xml.leaves(context.request.body)
    other = [name for name, _ in fields if name not in KNOWN]
    if other:
        raise refusal(f"service properties other than the static website ({', '.join(other)})")
    given: dict[str, Any] = dict(fields)
    enabled = given.pop("Enabled", "").lower()
    if enabled not in ("true", "false"):
        raise failure("InvalidXmlDocument", "StaticWebsite.Enabled must be true or false.")
    on = enabled == "true"
    context.arm.store.put_document(SETTING, context.account.name, {"enabled": on, **(given if on else {})})
    container = context.account.container_id(CONTAINER)
    if on and context.arm.store.get(container) is None:
        context.arm.put(container, {"properties": {}})
    return Response(202)


def install(arm: Arm, store: Store, hosts: Hosts, blobs: Blobs) -> None:
    """Serve the pages; forget the setting with its account."""

    def page(request: Request) -> Response:
        """A page of a website: everybody may read it."""
        account = request.host.split(".", 1)[0]
        site = store.document(SETTING, account) or {}
        if not site.get("enabled"):
            raise AzureError(404, "WebsiteNotEnabled", f"The account '{account}' has no static website.")
        if request.method not in ("GET", "HEAD"):
            raise AzureError(405, "UnsupportedHttpVerb", "A static website answers GET and HEAD.")
        path, index = request.path.lstrip("/"), str(site.get("IndexDocument", ""))
        wanted = f"{path}{index}" if not path or path.endswith("/") else path
        for name, status in ((wanted, 200), (str(site.get("ErrorDocument404Path", "")), 404)):
            if name and blobs.exists(account, CONTAINER, name):
                kind = blobs.properties(account, CONTAINER, name).headers.get("content-type", "")
                data = blobs.read(account, CONTAINER, name)
                return Response(status, {"content-type": kind or "application/octet-stream"}, data)
        raise AzureError(404, "WebContentNotFound", f"The requested content '{request.path}' does not exist.")

    hosts.route(HOSTS, page)

    @arm.with_delete("Microsoft.Storage/storageAccounts")
    def forget(resource: dict[str, Any]) -> None:
        store.delete_document(SETTING, resource["name"])
