"""A function app in small, running in an emulator of its own; shared by the tests of this folder."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.places import AZURE, OUTSIDE, Place
from emulator.principal import Principal
from tests.emulator.core.conftest import GROUP, LOCATION, Client
from tests.emulator.homes import started_once
from tests.emulator.network import private

ACCOUNT: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fnapp"
QUEUES: Final = f"{ACCOUNT}/queueServices/default/queues"
SITE: Final = f"{GROUP}/providers/Microsoft.Web/sites/func-app"
PLAN: Final = f"{GROUP}/providers/Microsoft.Web/serverfarms/asp"
AUDIENCE: Final = "api://7d3c2b1a-0000-4000-8000-0000000000a1"
MONITOR: Final = "461e8683-5575-4561-ac7f-899cc907d62a"
ROLES: Final = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": ACCOUNT,
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": ACCOUNT,
}
CODE: Final = """
import os
import pathlib
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
NOTES = pathlib.Path(os.environ["NOTES"])


def note(text):
    with NOTES.open("a") as file:
        file.write(text + "\\n")


@app.function_name("taken")
@app.queue_trigger(arg_name="message", queue_name="events", connection="AzureWebJobsStorage")
def taken(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    note(f"{text} {message.dequeue_count}")
    if text == "bad":
        raise ValueError("it is bad")


@app.function_name("hello")
@app.route(route="hello/{name}", methods=["POST"])
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{req.route_params['name']} {req.get_json()['n']}", status_code=201)


@app.function_name("guarded")
@app.route(route="guarded", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.function_name("ticked")
@app.timer_trigger(arg_name="timer", schedule="%WHEN%", run_on_startup=False)
def ticked(timer: func.TimerRequest) -> None:
    note(f"tick {timer.past_due}")
"""


def package(code: str = CODE, **more: str) -> bytes:
    content = io.BytesIO()
    queues = {"batchSize": 1, "maxPollingInterval": "00:00:00.2", "maxDequeueCount": 3}
    files = {
        "host.json": json.dumps({"version": "2.0", "extensions": {"queues": queues}}),
        "function_app.py": code,
        "requirements.txt": "azure-functions\nazure-identity>=1 # by identity\n",
        **more,
    }
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


class World:
    def __init__(self, emulator: Emulator, notes: Path) -> None:
        self.emulator, self.owner, self.notes = emulator, Client(emulator), notes
        put = self.owner.ok
        self.owner.group()
        put("PUT", ACCOUNT, private.account(publicNetworkAccess="Enabled"))
        put("PUT", f"{ACCOUNT}/blobServices/default/containers/packages", {})
        for queue in ("events", "events-poison"):
            put("PUT", f"{QUEUES}/{queue}", {})
        self.identity: Principal = self.owner.identity("retrain")
        self.assigned: dict[str, str] = {}
        for number, (role, scope) in enumerate(ROLES.items()):
            self.assign(number, role, scope)
        sku = {"name": "FC1", "tier": "FlexConsumption"}
        put(
            "PUT",
            PLAN,
            {"location": LOCATION, "kind": "functionapp", "sku": sku, "properties": {"reserved": True}},
        )
        self.site = self.declare()

    def assign(self, number: int, role: str, scope: str) -> None:
        name = f"{number:08}-0000-4000-8000-000000000000"
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
        subscription = "/".join(GROUP.split("/")[:3])
        definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"principalId": self.identity.object_id, "roleDefinitionId": definition}
        self.owner.ok("PUT", path, {"properties": properties})
        self.assigned[role] = path

    def declare(self, name: str = "func-app", **settings: str) -> dict[str, Any]:
        told = {
            "AzureWebJobsStorage__accountName": "fnapp",
            "AzureWebJobsStorage__credential": "managedidentity",
            "AzureWebJobsStorage__clientId": self.identity.client_id,
            "WHEN": "0 0 0 1 1 *",
            "NOTES": str(self.notes),
            **settings,
        }
        storage = {
            "type": "blobContainer",
            "value": "https://fnapp.blob.core.windows.net/packages",
            "authentication": {
                "type": "UserAssignedIdentity",
                "userAssignedIdentityResourceId": self.identity.resource_id,
            },
        }
        callers = {"priority": 200, "action": "Allow", "ipAddress": "203.0.113.0/24"}
        properties = {
            "serverFarmId": PLAN,
            "httpsOnly": True,
            "functionAppConfig": {
                "deployment": {"storage": storage},
                "runtime": {"name": "python", "version": "3.11"},
                "scaleAndConcurrency": {"maximumInstanceCount": 40, "instanceMemoryMB": 512},
            },
            "siteConfig": {
                "appSettings": [{"name": key, "value": value} for key, value in told.items()],
                "ipSecurityRestrictions": [
                    {"priority": 100, "action": "Allow", "tag": "ServiceTag", "ipAddress": "ActionGroup"}
                ],
                "ipSecurityRestrictionsDefaultAction": "Deny",
                "scmIpSecurityRestrictions": [callers],
                "scmIpSecurityRestrictionsDefaultAction": "Deny",
            },
        }
        body = {
            "location": LOCATION,
            "kind": "functionapp,linux",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self.identity.resource_id: {}}},
            "properties": properties,
        }
        return self.owner.ok("PUT", f"{SITE.removesuffix('func-app')}{name}", body)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        host: str = "func-app.azurewebsites.net",
        place: Place = AZURE,
        headers: dict[str, str] | None = None,
    ) -> Response:
        path, _, query = path.partition("?")
        pairs = dict(one.split("=", 1) for one in query.split("&") if one)
        return self.emulator.answer(
            Request(method, host, path, path, pairs, headers or {}, body, place=place)
        )

    def token(self, who: Principal | None = None) -> str:
        return self.emulator.identity.tokens.issue(who or self.owner.principal, ARM)[0]

    def publish(self, content: bytes, who: Principal | None = None) -> Response:
        token = self.token(who)
        return self.send(
            "POST",
            "/api/publish",
            content,
            host="func-app.scm.azurewebsites.net",
            place=OUTSIDE,
            headers={"authorization": f"Bearer {token}"},
        )

    def state(self) -> dict[str, Any]:
        answer = self.send(
            "GET",
            "/api/deployments/latest",
            host="func-app.scm.azurewebsites.net",
            place=OUTSIDE,
            headers={"authorization": f"Bearer {self.token()}"},
        )
        return json.loads(answer.body)

    def noted(self, wanted: Callable[[list[str]], bool], seconds: float = 20.0) -> list[str]:
        """What the app wrote down, once it is as wanted."""
        until = time.monotonic() + seconds
        while True:
            lines = self.notes.read_text().splitlines() if self.notes.exists() else []
            if wanted(lines) or time.monotonic() > until:
                return lines
            time.sleep(0.05)


ARM: Final = "https://management.azure.com"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    emulator = Emulator(started_once(tmp_path_factory.mktemp("functions")))
    emulator.ports.update(proxy=1, plain=1, tls=1)  # the app of these tests calls nothing
    made = World(emulator, tmp_path_factory.mktemp("notes") / "notes")
    assert made.publish(package()).status == 202
    assert made.state()["status"] == 4, made.state()
    yield made
    emulator.close()
