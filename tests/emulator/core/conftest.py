"""An emulator in this process, and a client of its control plane."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, Principal
from emulator.identity.tokens import Tokens
from tests.emulator.homes import started_once

SUBSCRIPTION = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
LOCATION = "westeurope"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def emulator(home: Home) -> Iterator[Emulator]:
    emulator = Emulator(started_once(home.root))
    yield emulator
    emulator.close()


class Client:
    """Sends requests to management.azure.com as a principal, whose token it keeps as Azure's clients do."""

    def __init__(self, emulator: Emulator, principal: Principal = SIGNED_IN) -> None:
        self.emulator = emulator
        self.principal = principal
        self._tokens: dict[tuple[Tokens, Principal], tuple[str, int]] = {}

    def _token(self) -> str:
        issuer = self.emulator.identity.tokens
        token, expiry = self._tokens.get((issuer, self.principal), ("", 0))
        if expiry < time.time() + 300:  # a new one in good time
            token, expiry = issuer.issue(self.principal, "https://management.azure.com")
            self._tokens[issuer, self.principal] = token, expiry
        return token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        path, _, query = path.partition("?")
        return self.emulator.answer(
            Request(
                method,
                "management.azure.com",
                path,
                path,
                {"api-version": "2024-01-01", **dict(parse_qsl(query, keep_blank_values=True))},
                {"authorization": f"Bearer {self._token()}"}
                | {key.replace("_", "-"): value for key, value in headers.items()},
                b"" if body is None else json.dumps(body).encode(),
            )
        )

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        response = self(method, path, body)
        assert response.status < 300, response.body
        return json.loads(response.body) if response.body else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        response = self(method, path, body)
        assert response.status >= 400, response.body
        error = json.loads(response.body)["error"]
        return response.status, error["code"], error["message"]

    def group(self) -> str:
        self.ok("PUT", GROUP, {"location": LOCATION})
        return GROUP

    def identity(self, name: str = "someone") -> Principal:
        """A user-assigned identity, as a principal."""
        path = f"{self.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        properties = self.ok("PUT", path, {"location": LOCATION})["properties"]
        found = self.emulator.identity.directory.find(properties["principalId"])
        assert found is not None
        return found


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return Client(emulator)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An emulator with one resource of each type that is only kept: to be read, and added to."""
    from tests.emulator.core import one_of_each

    emulator = Emulator(started_once(tmp_path_factory.mktemp("kept")))
    one_of_each.people(emulator)
    yield Client(emulator)
    emulator.close()
