"""The real SDK clients, their requests answered by an emulator in this process instead of the network."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from requests.adapters import HTTPAdapter

from emulator.app import Emulator
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN, Principal


class InProcess(HTTPAdapter):
    """Hands each request to ``emulator.answer``."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        body: Any = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        sent = Request(
            request.method or "GET",
            (parts.hostname or "").lower(),
            unquote(parts.path) or "/",
            parts.path or "/",
            {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)},
            {name.lower(): _text(value) for name, value in request.headers.items()},
            body.encode() if isinstance(body, str) else bytes(body),
            parts.scheme,
        )
        answer = self._emulator.answer(sent)
        raw = urllib3.HTTPResponse(
            body=BytesIO(answer.body),
            headers={"content-length": str(len(answer.body)), **answer.headers},
            status=answer.status,
            preload_content=False,
            request_method=sent.method,
        )
        return self.build_response(request, raw)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def transport(emulator: Emulator) -> HttpTransport[Any, Any]:
    """For the ``transport`` argument of SDK clients."""
    session = requests.Session()
    session.mount("https://", InProcess(emulator))
    session.mount("http://", InProcess(emulator))
    session.trust_env = False
    return RequestsTransport(session=session, session_owner=False)


class Credential:
    """Tokens of one principal."""

    def __init__(self, emulator: Emulator, principal: Principal = SIGNED_IN) -> None:
        self._emulator = emulator
        self._principal = principal

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(*self._emulator.identity.tokens.issue(self._principal, scopes[0]))
