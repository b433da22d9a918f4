"""Azure Resource Manager in a dictionary: enough of it to test a client."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from emulator.provider.arm_client import Answer, ArmClient, Credentials

SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
CLAIMS = {"oid": "object", "appid": "client", "tid": "tenant"}


def error(status: int, code: str, message: str = "no") -> Answer:
    return Answer(status, {}, {"error": {"code": code, "message": message}})


class FakeAzure:
    """A transport. `resources` by lower-case id; `answers` queued for a method come first."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, list[Answer | Exception]] = {}
        self.calls: list[tuple[str, str, dict[str, str], Any]] = []
        self.actions: dict[str, dict[str, Any]] = {}
        self.computed: dict[str, Any] = {}

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        parts = urlsplit(url)
        if parts.hostname == "login.microsoftonline.com":
            claims = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip("=")
            return Answer(200, {}, {"access_token": f"head.{claims}.sign", "expires_in": 3600})
        assert headers["authorization"].startswith("Bearer ")
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        body = json.loads(data) if data else None
        self.calls.append((method, path, query, body))
        if self.answers.get(method):
            answer = self.answers[method].pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return self._answer(method, path, body)

    def _answer(self, method: str, path: str, body: Any) -> Answer:
        key = path.lower()
        match method:
            case "PUT":
                new = key not in self.resources
                self.store(path, body)
                return Answer(201 if new else 200, {}, self.resources[key])
            case "DELETE":
                gone = [item for item in self.resources if item == key or item.startswith(f"{key}/")]
                for item in gone:
                    del self.resources[item]
                return Answer(200 if gone else 204, {}, {})
            case "POST":
                return Answer(200, {}, self.actions[path.rsplit("/", 1)[-1]])
            case _ if key in self.resources:
                return Answer(200, {}, self.resources[key])
            case _:
                return error(404, "ResourceNotFound")

    def store(self, path: str, body: dict[str, Any]) -> None:
        properties = {**body.get("properties", {}), "provisioningState": "Succeeded", **self.computed}
        name = path.rsplit("/", 1)[-1]
        self.resources[path.lower()] = {**body, "id": path, "name": name, "properties": properties}

    def puts(self) -> list[Any]:
        return [body for method, _, _, body in self.calls if method == "PUT"]


def client(azure: FakeAzure) -> ArmClient:
    return ArmClient(SUBSCRIPTION, Credentials("tenant", "client", "secret"), azure)
