"""A fleet's service, and requests for its members."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from scoring.assembly import assemble
from scoring.fleet.service import FleetService
from scoring.fleet.stored import Fleet, model_dir
from scoring.http.direct import Ask
from scoring.http.requests import begun
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact
from scoring.settings import Settings
from scoring.worker import Place

OWN = ("20/female", "20/male", "30/female", "30/male")
SMALL = "90/male"
STREAM = "application/vnd.apache.arrow.stream"


Start = Callable[..., tuple[FleetService, httpx.Client]]


def assembled(settings: Settings, place: Place | None = None) -> FleetService:
    service = assemble(settings, place)
    assert isinstance(service, FleetService)
    return service


def until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 20
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline, "it is not ready"
        time.sleep(0.01)


def of(directory: Path, fleet: Fleet, key: str) -> Artifact:
    return artifacts.load(model_dir(directory, fleet.members[key].model))


def asked(client: httpx.Client, artifact: Artifact, **more: Any) -> httpx.Response:
    return client.post("/score", json={**artifact.samples.request, **more})


def direct(service: FleetService, row: Any, key: str | None, **more: str) -> Ask:
    """A request as the event loop takes it, for a member whose model is in memory."""
    body = json.dumps({"records": [row], **({} if key is None else {"member": key})}).encode()
    headers = {b"content-type": b"application/json", b"content-length": b"%d" % len(body)}
    headers |= {name.replace("_", "-").encode(): value.encode() for name, value in more.items()}
    ask = service.ask(headers, body, begun("POST", "/score", headers, 0))
    assert ask is not None
    return ask
