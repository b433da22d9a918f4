"""What the command line asks the running emulator: on loopback only, with the token kept in the home."""

from __future__ import annotations

import hmac
import os
import time
from dataclasses import asdict
from typing import Any, Final

from emulator import standing
from emulator.apimanagement import softdelete as apim
from emulator.app import Emulator
from emulator.arm.ids import SUBSCRIPTION
from emulator.errors import AzureError
from emulator.eventgrid.install import report
from emulator.faults import Plan
from emulator.http import Request, Response
from emulator.identity.workloads import MSI_PATH
from emulator.machinelearning import softdelete

TOKEN_HEADER: Final = "x-emulator-token"  # noqa: S105


def install(emulator: Emulator) -> None:
    """Route the requests to the loopback address itself."""
    token = emulator.home.secret(emulator.home.control_token)
    started = time.time()

    def handle(request: Request) -> Response:
        if request.scheme == "http" and request.path == MSI_PATH:
            return emulator.identity.workloads.job_endpoint(request)
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
            raise AzureError(403, "Forbidden", f"The header {TOKEN_HEADER} must carry the emulator's token.")
        if request.path == "/status":
            return Response.json(status(emulator, started))
        if request.path == "/refusals" and request.method == "DELETE":
            emulator.refusals.clear()
            return Response(204)
        if request.path == "/places" and request.method == "POST":
            return Response.json(standing.admit(emulator, request.query.get("at", "")))
        if request.path == "/workflows" and request.method == "POST":
            return Response.json(asdict(emulator.identity.workflow(request.query.get("identity", ""))))
        if request.path == "/limits" and request.method == "PUT":
            return set_limit(emulator, request.query.get("name", ""), request.query.get("number", ""))
        if request.path == "/faults" and request.method == "PUT":
            emulator.faults.set(Plan.of(request.query))
            emulator.courier.wake()
            return Response.json(asdict(emulator.faults.plan))
        raise AzureError(404, "NotFound", f"No such control: {request.path}")

    for host in ("127.0.0.1", "localhost"):
        emulator.hosts.route(host, handle)


def set_limit(emulator: Emulator, name: str, number: str) -> Response:
    """Another quota than the table's; "" for the number gives the table's back."""
    if number and not (number.isascii() and number.isdigit()):
        raise AzureError(400, "BadLimit", f"The limit of {name} is '{number}'; it must be a whole number.")
    try:
        emulator.limits.set(name, int(number) if number else None)
    except KeyError:
        words = f"No quota has the name '{name}': `az vm list-usage` and docs/emulator/limits.md have them."
        raise AzureError(404, "NoSuchLimit", words) from None
    return Response.json({"name": name, "number": emulator.limits.of(name)})


def status(emulator: Emulator, started: float) -> dict[str, Any]:
    """What there is and what runs."""
    spelling = {item["type"].lower(): item["type"] for item in emulator.store.subtree("/subscriptions")}
    counts = {
        spelling.get(kind, kind): count
        for kind, count in emulator.store.types().items()
        if kind != SUBSCRIPTION.lower()
    }
    return {
        "pid": os.getpid(),
        "home": str(emulator.home.root),
        "seconds": round(time.time() - started, 1),
        "ports": emulator.ports,
        "resources": counts,
        "soft_deleted": [
            *emulator.vaults.deleted(),
            *softdelete.deleted(emulator.store),
            *apim.deleted(emulator.store),
        ],
        "faults": {"plan": asdict(emulator.faults.plan), "happened": emulator.faults.happened},
        "events": report(emulator.arm, emulator.pending_events),
        "processes": [{"name": one.name, "pid": one.pid} for one in emulator.processes.running()],
        "refused_hosts": emulator.refusals.hosts(),
        "refused_calls": emulator.refusals.calls(),
    }
