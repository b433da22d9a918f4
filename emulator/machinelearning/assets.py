"""Versioned assets: codes, data, environments, components, models; their containers and upload places."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Any

from emulator.arm.ids import fold, parse_resource
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.machinelearning import shapes
from emulator.machinelearning.components import Components
from emulator.machinelearning.names import WORKSPACE, Workspace
from emulator.machinelearning.notemulated import STEPS
from emulator.machinelearning.references import Location, References
from emulator.principal import Principal
from emulator.storage.service import Blobs

Json = dict[str, Any]
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
ANONYMOUS = frozenset({"azureml_anonymous", "cliv2anonymousenvironment"})  # containers that lists leave out
DEFAULT_VERSION = "azureml_default"  # the name by which clients ask for a component's default version
RUN_COMPONENTS = ("command", "pipeline")
UPLOAD_HOURS = 24
UPLOAD_PATH = (
    r"(?P<id>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+/"
    r"(?:codes|data|models|environments|components)/[^/]+/versions/[^/]+)/startPendingUpload"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset: its collection, what must be given, what never changes, what is filled in."""

    collection: str
    required: tuple[str, ...]
    content: tuple[str, ...]
    defaults: tuple[tuple[str, Any], ...] = ()

    @property
    def container_type(self) -> str:
        return f"{WORKSPACE}/{self.collection}"

    @property
    def version_type(self) -> str:
        return f"{self.container_type}/versions"


KINDS = (
    Kind("codes", ("codeUri",), ("codeUri",)),
    Kind("data", ("dataUri", "dataType"), ("dataUri", "dataType")),
    Kind(
        "environments",
        (),
        ("image", "condaFile", "build"),
        (("environmentType", "UserCreated"), ("osType", "Linux")),
    ),
    Kind("components", ("componentSpec",), ("componentSpec",)),
    Kind(
        "models",
        ("modelUri",),
        ("modelUri", "modelType"),
        (("modelType", "custom_model"), ("stage", "Development")),
    ),
)

COMPONENTS = next(kind for kind in KINDS if kind.collection == "components")


def install(
    arm: Arm,
    store: Store,
    identity: Identity,
    blobs: Blobs,
    references: References,
    components: Components,
) -> None:
    """Hook every kind of asset into the ARM store."""
    for kind in KINDS:
        _install_kind(arm, store, references, components, kind)
    codes = KINDS[0]

    @arm.special("POST", UPLOAD_PATH)  # no action of a resource: clients ask for it before the version exists
    def start_upload(request: Request, match: re.Match[str], principal: Principal) -> Response:
        workspace = Workspace.of(match["id"])
        arm.get(workspace.id)
        identity.require(principal, f"{parse_resource(match['id']).type}/write", workspace.id)
        return Response.json(pending_upload(arm, blobs, match["id"]))

    @arm.virtual(COMPONENTS.version_type)
    def default_version(resource_id: str) -> Json | None:
        parsed = parse_resource(resource_id)
        container = store.get(parsed.parent) if parsed.names[-1].lower() == DEFAULT_VERSION else None
        latest = container["properties"].get("latestVersion") if container else None
        return store.get(f"{parsed.parent}/versions/{latest}") if latest else None

    @arm.on_list(codes.version_type)
    def by_hash(items: list[Json], query: dict[str, str]) -> list[Json]:
        digest = query.get("hash")
        if not digest:
            return items
        workspace = Workspace.of(parse_resource(query[""].rsplit("/", 1)[0]).parent)
        return [
            item for item in store.by_type(codes.version_type, workspace.id) if _content_hash(item) == digest
        ]


def _install_kind(arm: Arm, store: Store, references: References, components: Components, kind: Kind) -> None:

    @arm.before_put(kind.container_type)
    def fill_container(put: Put) -> None:
        kept = put.old["properties"] if put.old else {}
        put.resource["properties"] = {
            "isArchived": False,
            "tags": {},
            "properties": {},
            "nextVersion": "1",
            **{key: kept[key] for key in ("latestVersion", "nextVersion", "dataType") if key in kept},
            **{key: value for key, value in put.properties.items() if value is not None},
        }

    @arm.before_put(kind.version_type)
    def fill_version(put: Put) -> None:
        fill_asset(kind, put)
        if kind.collection == "models":
            resolve_model(references, put)
        elif kind.collection in ("data", "codes"):
            references.locate(Workspace.of(put.id), put.properties[kind.content[0]])
        if put.old is not None:
            check_unchanged(kind, put)
        elif kind.collection == "components":
            components.check(Workspace.of(put.id), _title(put), put.properties["componentSpec"])

    @arm.with_put(kind.version_type)
    def count_version(put: Put) -> None:
        if put.old is None:
            container = arm.get(parse_resource(put.id).parent)
            count(container, put.resource)
            store.put(container["id"], container)

    @arm.on_list(kind.version_type)
    def select_versions(items: list[Json], query: dict[str, str]) -> list[Json]:
        return select(items, query)

    @arm.on_list(kind.container_type)
    def select_containers(items: list[Json], query: dict[str, str]) -> list[Json]:
        return select([item for item in items if item["name"].lower() not in ANONYMOUS], query)


def fill_asset(kind: Kind, put: Put) -> None:
    """Check an asset's body and fill its defaults."""
    parsed = parse_resource(put.id)
    name, version = parsed.names[-2], parsed.names[-1]
    if not NAME.fullmatch(name):
        raise AzureError(
            400,
            "UserError",
            f"{name!r} is no name for an asset: "
            "letters, digits, '_', '.' and '-', at most 255, neither '-' nor '.' first.",
        )
    properties = put.properties
    for key in kind.required:
        if not properties.get(key):
            raise AzureError(400, "UserError", f"{kind.collection}/{name} version {version} needs {key}.")
    for key, value in (
        ("tags", {}),
        ("properties", {}),
        ("isAnonymous", False),
        ("isArchived", False),
        *kind.defaults,
    ):
        if properties.get(key) is None:
            properties[key] = dict(value) if isinstance(value, dict) else value
    if kind.collection == "models":
        properties["flavors"] = properties.get("flavors") or {}
    if kind.collection == "components":
        spec = properties["componentSpec"]
        wrong = "; ".join(f"{path}: {text}" for path, text in shapes.of_component(spec, "componentSpec."))
        if wrong:
            raise AzureError(400, "UserError", f"Component {name} version {version} is not valid. {wrong}.")
        component = str(spec.get("type") or "command")
        if component not in RUN_COMPONENTS:
            advice = STEPS.get(component, f"use {' or '.join(RUN_COMPONENTS)}")
            raise NotEmulated(f"components of type {component!r} ({spec.get('name') or name}); {advice}")
        spec.update(name=name, version=version)


def _title(put: Put) -> str:
    """The name that a component's author knows; an anonymous one has it only in what the client sent."""
    name, version = parse_resource(put.id).names[-2:]
    if name.lower() not in ANONYMOUS:
        return f"{name} version {version}"
    spec = (put.body.get("properties") or {}).get("componentSpec") or {}
    return str(spec.get("name") or spec.get("display_name") or name)


def check_unchanged(kind: Kind, put: Put) -> None:
    """409 when a PUT would change the content of a version that exists; the rest of it may change."""
    assert put.old is not None  # noqa: S101
    before, after = put.old["properties"], put.properties
    digest = _content_hash(put.old)
    if digest and digest == _content_hash(put.resource):
        after[kind.content[0]] = before[kind.content[0]]  # uploaded a second time
        return
    changed = [key for key in kind.content if _comparable(before.get(key)) != _comparable(after.get(key))]
    if not changed:
        return
    parsed = parse_resource(put.id)
    name = f"{kind.collection}/{parsed.names[-2]} version {parsed.names[-1]}"
    if changed[0].endswith("Uri"):
        text = f"{name} is {before[changed[0]]}; register a new version."
        detail = {"code": "Immutable", "target": changed[0], "message": text}
        raise AzureError(409, "UserError", "Asset paths cannot be updated.", [detail])
    raise AzureError(
        409,
        "UserError",
        f"{name} exists with another {', '.join(changed)}; versions do not change, register a new one.",
    )


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _comparable(inner) for key, inner in value.items() if key != "_source" and inner is not None
        }
    return fold(value) if isinstance(value, str) else value


def _content_hash(version: Json) -> str | None:
    return (version["properties"].get("properties") or {}).get("hash_sha256")


def count(container: Json, version: Json) -> None:
    """Write a new version into its container: latest is the one made last, next follows the highest."""
    properties = container["properties"]
    properties["latestVersion"] = version["name"]
    number = int(version["name"]) if version["name"].isdigit() else 0
    following = str(properties.get("nextVersion") or "1")
    properties["nextVersion"] = str(max(number + 1, int(following) if following.isdigit() else 1))
    if "dataType" in version["properties"]:
        properties["dataType"] = version["properties"]["dataType"]


def select(items: list[Json], query: dict[str, str]) -> list[Json]:
    """The part of a list that listViewType, stage, version, $orderBy, $skip and $top ask for."""
    view = query.get("listviewtype", "ActiveOnly").lower()
    if view != "all":
        items = [
            item for item in items if bool(item["properties"].get("isArchived")) == (view == "archivedonly")
        ]
    for key in ("stage", "version"):
        if wanted := query.get(key):
            items = [item for item in items if (item["properties"].get(key) or item["name"]) == wanted]
    order = query.get("$orderby") or query.get("orderby") or ""
    if order.lower().startswith("createdtime"):
        newest_first = order.lower().endswith("desc")
        items = items[::-1] if newest_first else items
    items = items[int(query.get("$skip") or 0) :]
    return items[: int(query["$top"])] if query.get("$top") else items


def resolve_model(references: References, put: Put) -> None:
    """A model taken from a job's output: its path becomes a datastore's, and the job is remembered."""
    uri = put.properties["modelUri"]
    workspace = Workspace.of(put.id)
    location: Location = references.locate(workspace, uri)
    if uri.lower().startswith("azureml://jobs/"):
        put.properties["jobName"] = uri.split("/")[3]
        put.properties["modelUri"] = workspace.datastore_uri(location.datastore, location.path)


def pending_upload(arm: Arm, blobs: Blobs, version_id: str) -> Json:
    """A container of its own for one asset's content, with an address that may write into it for a day."""
    workspace = arm.get(Workspace.of(version_id).id)
    account = workspace["properties"]["storageAccount"]
    token = uuid.uuid4()
    name = f"{hashlib.sha256(version_id.lower().encode()).hexdigest()[:8]}-{token}"
    arm.put(f"{account}/blobServices/default/containers/{name}", {"properties": {"publicAccess": "None"}})
    url = blobs.sas_url(account.rsplit("/", 1)[1], name, "", "racwl", UPLOAD_HOURS)
    return {
        "pendingUploadId": str(token),
        "pendingUploadType": "TemporaryBlobReference",
        "blobReferenceForConsumption": {
            "blobUri": url.split("?", 1)[0],
            "storageAccountArmId": account,
            "credential": {"credentialType": "SAS", "sasUri": url},
        },
    }
