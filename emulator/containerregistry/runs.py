"""Quick builds: upload URL, scheduleRun, and the runs with their logs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.containerregistry import requests
from emulator.containerregistry.records import RUN, Records
from emulator.containerregistry.registries import AGENT_POOL, REGISTRY
from emulator.containerregistry.worker import ACCOUNT, Worker, container, log_blob
from emulator.errors import AzureError
from emulator.home import Home
from emulator.http import Response
from emulator.images.store import Images
from emulator.lifetime import Lifetime
from emulator.network.reach import Reach
from emulator.places import Place
from emulator.storage.service import Blobs

Json = dict[str, Any]
UPLOAD_HOURS = 1
LOG_HOURS = 24


def install(
    home: Home,
    arm: Arm,
    store: Store,
    lifetime: Lifetime,
    blobs: Blobs,
    images: Images,
    reach: Reach,
) -> None:
    """Register the hooks."""
    records = Records(store)
    worker = Worker(home, blobs, images, records)
    records.fail_interrupted()
    blobs.service_account(ACCOUNT)
    worker.clear()
    lifetime.on_stop(worker.stop)
    arm.declare(RUN)

    def upload_url(action: Action) -> Json:
        path = f"tasks-source/{datetime.now(UTC):%Y%m%d%H%M}-{uuid.uuid4().hex}.tar.gz"
        url = blobs.sas_url(ACCOUNT, container(action.id), path, "cw", UPLOAD_HOURS)
        return {"uploadUrl": url, "relativePath": path}

    for name in ("listBuildSourceUploadUrl", "getBuildSourceUploadUrl"):
        arm.action(REGISTRY, name)(upload_url)

    @arm.action(REGISTRY, "scheduleRun")
    def schedule(action: Action) -> Json:
        registry = arm.get(action.id)
        found = {pool["name"].lower(): pool for pool in store.children(f"{registry['id']}/agentPools")}
        build = requests.read(action.body, registry, set(found))
        run = records.create(registry, build)
        blobs.append(ACCOUNT, *log_blob(run["id"]), b"")  # there before anyone asks for it
        worker.start(registry, run, build, _closed(reach, registry, found.get(build.pool.lower())))
        return run

    @arm.action(AGENT_POOL, "listQueueStatus")
    def queue_status(action: Action) -> Json:
        registry, _, pool = action.id.rpartition("/agentPools/")
        runs = [run["properties"] for run in store.children(f"{registry}/runs")]
        waiting = [
            r for r in runs if r["status"] == "Queued" and r.get("agentPoolName", "").lower() == pool.lower()
        ]
        return {"count": len(waiting)}

    @arm.on_list(RUN)
    def newest_first(items: list[Json], query: dict[str, str]) -> list[Json]:
        return _filtered(list(reversed(items)), query.get("$filter", ""))

    @arm.action(RUN, "listLogSasUrl")
    def log_url(action: Action) -> Json:
        run = arm.get(action.id)
        return {"logLink": blobs.sas_url(ACCOUNT, *log_blob(run["id"]), "r", LOG_HOURS)}

    @arm.action(RUN, "cancel")
    def cancel(action: Action) -> Response:
        run = arm.get(action.id)
        worker.cancel(run["id"])
        return Response(200)

    @arm.after_delete(RUN)
    def give_up(run: Json) -> None:
        worker.cancel(run["id"])

    @arm.after_delete(REGISTRY)
    def forget_blobs(registry: Json) -> None:
        for blob in blobs.list(ACCOUNT, container(registry["id"])):
            blobs.delete(ACCOUNT, container(registry["id"]), blob.name)

    @arm.before_put(RUN)
    def patch_only(put: Put) -> None:
        archived = put.body.get(
            "isArchiveEnabled", (put.body.get("properties") or {}).get("isArchiveEnabled")
        )
        if put.old is None or not isinstance(archived, bool):
            raise AzureError(405, "MethodNotAllowed", "A run can only be updated with isArchiveEnabled.")
        put.resource.clear()
        put.resource |= put.old
        put.resource["properties"] = {**put.old["properties"], "isArchiveEnabled": archived}


def _closed(reach: Reach, registry: Json, pool: Json | None) -> str:
    """Why the machines of an agent pool do not reach their registry, in its words; "" when they do.

    Azure takes such a run and lets it fail (Azure/acr-cli#122).
    """
    if pool is None:
        return ""
    place = Place(str(pool["properties"].get("virtualNetworkSubnetResourceId") or ""))
    denied = reach.denied(place, registry["id"], "registry")
    if denied is None:
        return ""
    server, seen = registry["properties"]["loginServer"], denied.address or "unknown"
    words = (
        f"client with IP '{seen}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
    )
    said = f"denied: {words}" if denied.kind != "lost" else "no answer."
    return (
        f'failed to login, ran out of retries: Get "https://{server}/v2/": {said} Agent pool '
        f"'{pool['name']}': {denied.why}."
    )


def _filtered(items: list[Json], expression: str) -> list[Json]:
    """``property eq 'value'`` joined by ``and``, as the SDK's runs.list(filter=...) sends it."""
    for clause in filter(None, expression.split(" and ")):
        name, operator, value = [*clause.strip().split(" ", 2), "", ""][:3]
        field = name[:1].lower() + name[1:]
        if operator != "eq" or field not in ("runId", "runType", "status", "agentPoolName"):
            raise AzureError(
                400, "InvalidFilter", f"$filter '{clause}': only PROPERTY eq 'VALUE' is understood."
            )
        items = [run for run in items if str(run["properties"].get(field, "")) == value.strip("'")]
    return items
