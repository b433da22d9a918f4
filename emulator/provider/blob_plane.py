"""The SDK's two resources that Azure Resource Manager does not know: blobs, and an account's static website.

As Azure's own provider does, blobs are written with the account's key and the website is switched on with the
signed-in principal's token, both through the Blob service.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.arm import catalog
from emulator.provider import resource_ids, schema_cache
from emulator.provider.arm_client import ArmClient
from emulator.provider.kinds import Kind, Refused, Values
from emulator.provider.values import Opaque

_ASSET = "c44067f5952c0a294b673a41bacd8c17"  # the protocol's signatures
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_WEB = "$web"
_STORAGE = "https://storage.azure.com"


class BlobPlane:
    """Values in and out are plain."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def create(self, kind: Kind, resource_id: str, inputs: Values) -> tuple[str, Values]:
        """Id and outputs; a blob that exists is written over, as Azure does."""
        if kind.row.own_name:
            self._upload(inputs)
        else:
            self._website(inputs, enabled=True)
        return resource_id, self.update(kind, resource_id, inputs, written=True)

    def update(self, kind: Kind, resource_id: str, inputs: Values, *, written: bool = False) -> Values:
        """The outputs after the change; written: it has just been done."""
        if not written:
            if kind.row.own_name:
                self._describe(inputs)
            else:
                self._website(inputs, enabled=True)
        found = self.read(kind, resource_id, resource_ids.parse(kind.row, resource_id), inputs)
        if found is None:
            raise Refused(f"{resource_id} is not there although it has just been written")
        return found[2]

    def read(
        self, kind: Kind, resource_id: str, parameters: Mapping[str, str], inputs: Values
    ) -> tuple[str, Values, Values] | None:
        """Id, inputs and outputs; None when it is gone."""
        outputs = self._read_blob(parameters) if kind.row.own_name else self._read_website(parameters)
        if outputs is None:
            return None
        of_azure = {
            name: value
            for name, value in outputs.items()
            if name in (inputs if inputs else kind.schema.inputs) and value not in ("", {}, None)
        }
        return resource_id, {**parameters, **inputs, **of_azure}, outputs

    def delete(self, kind: Kind, resource_id: str) -> None:
        """Nothing happens when the blob, or its account, is gone."""
        from azure.core.exceptions import ResourceNotFoundError

        parameters = resource_ids.parse(kind.row, resource_id)
        if not self._account_exists(parameters):
            return
        if not kind.row.own_name:
            self._website(parameters, enabled=False)
            return
        try:
            self._blob(parameters).delete_blob(delete_snapshots="include")
        except ResourceNotFoundError:
            return

    # blobs

    def _upload(self, inputs: Values) -> None:
        from azure.storage.blob import ContentSettings

        append = inputs.get("type", "Block") == "Append"
        if append and inputs.get("source") is not None:
            raise Refused("source: an Append blob starts empty, it takes no source")
        checksum = inputs.get("contentMd5")
        if checksum is not None:
            raise Refused("contentMd5: not emulated; leave it out, the SDK computes it")
        self._blob(inputs).upload_blob(
            content_of(inputs.get("source")),
            blob_type="AppendBlob" if append else "BlockBlob",
            overwrite=True,
            metadata=inputs.get("metadata") or {},
            content_settings=ContentSettings(
                content_type=inputs.get("contentType") or "application/octet-stream"
            ),
        )
        self._tier(inputs)

    def _describe(self, inputs: Values) -> None:
        from azure.storage.blob import ContentSettings

        blob = self._blob(inputs)
        if inputs.get("contentType"):
            blob.set_http_headers(ContentSettings(content_type=inputs["contentType"]))
        blob.set_blob_metadata(inputs.get("metadata") or {})
        self._tier(inputs)

    def _tier(self, inputs: Values) -> None:
        if inputs.get("accessTier"):
            self._blob(inputs).set_standard_blob_tier(inputs["accessTier"])

    def _read_blob(self, parameters: Mapping[str, str]) -> Values | None:
        from azure.core.exceptions import ResourceNotFoundError

        if not self._account_exists(parameters):
            return None
        blob = self._blob(parameters)
        try:
            properties = blob.get_blob_properties()
        except ResourceNotFoundError:
            return None
        return {
            "name": parameters["blobName"],
            "type": str(properties.blob_type.value).removesuffix("Blob"),
            "accessTier": str(properties.blob_tier) if properties.blob_tier else None,
            "contentType": properties.content_settings.content_type,
            "metadata": dict(properties.metadata or {}),
            "url": f"https://{parameters['accountName']}.blob.core.windows.net/"
            f"{parameters['containerName']}/{parameters['blobName']}",
        }

    def _blob(self, values: Mapping[str, Any]) -> Any:
        from azure.storage.blob import BlobClient

        account = values["accountName"]
        keys = self._client.post(self._account_id(values), "listKeys", _account_version(), {})["keys"]
        return BlobClient(
            f"https://{account}.blob.core.windows.net",
            values["containerName"],
            values["blobName"],
            credential={"account_name": account, "account_key": keys[0]["value"]},
        )

    # the website

    def _website(self, values: Mapping[str, Any], *, enabled: bool) -> None:
        from azure.storage.blob import StaticWebsite

        self._service(values).set_service_properties(
            static_website=StaticWebsite(
                enabled=enabled,
                index_document=values.get("indexDocument") if enabled else None,
                error_document404_path=values.get("error404Document") if enabled else None,
            )
        )

    def _read_website(self, parameters: Mapping[str, str]) -> Values | None:
        if not self._account_exists(parameters):
            return None
        site = self._service(parameters).get_service_properties().get("static_website")
        if site is None or not site.enabled:
            return None
        texts = {"indexDocument": site.index_document, "error404Document": site.error_document404_path}
        return {"containerName": _WEB, **{name: text for name, text in texts.items() if text}}

    def _service(self, values: Mapping[str, Any]) -> Any:
        from azure.storage.blob import BlobServiceClient

        url = f"https://{values['accountName']}.blob.core.windows.net"
        return BlobServiceClient(url, credential=_credential(self._client))

    # the account

    def _account_id(self, values: Mapping[str, Any]) -> str:
        row = catalog.find("Microsoft.Storage/storageAccounts")
        if row is None:
            raise Refused("the catalog has no row for storage accounts")
        return resource_ids.build(row, self._client.subscription, values)

    def _account_exists(self, values: Mapping[str, Any]) -> bool:
        return self._client.get(self._account_id(values), _account_version()) is not None


def _credential(client: ArmClient) -> Any:
    from azure.core.credentials import AccessToken

    class Credential:
        def get_token(self, *scopes: str, **_: Any) -> AccessToken:
            return AccessToken(client.token(_STORAGE), 2**31)

    return Credential()


def content_of(source: Any) -> bytes:
    """The bytes of an asset; an archive of a directory or of assets becomes a zip file."""
    if source is None:
        return b""
    if not isinstance(source, Opaque):
        raise Refused("source: must be an asset or an archive")
    fields = source.raw.struct_value.fields
    signature, path = fields[_SIGNATURE].string_value, fields["path"].string_value
    if signature not in (_ASSET, _ARCHIVE):
        raise Refused("source: must be an asset or an archive")
    if fields["uri"].string_value:
        raise Refused("source: assets by URI are not emulated; use a local file")
    if path and not Path(path).exists():
        raise Refused(f"source: {path} does not exist")
    if signature == _ASSET:
        return Path(path).read_bytes() if path else fields["text"].string_value.encode()
    if path and Path(path).is_file():
        return Path(path).read_bytes()
    if path:
        members = {
            file.relative_to(path).as_posix(): file.read_bytes()
            for file in sorted(Path(path).rglob("*"))
            if file.is_file()
        }
    else:
        assets = fields["assets"].struct_value.fields
        members = {name: content_of(Opaque(asset)) for name, asset in sorted(assets.items())}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def _account_version() -> str:
    return schema_cache.resource("azure-native:storage:StorageAccount").api_version
