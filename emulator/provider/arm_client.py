"""A plain client of Azure Resource Manager: token, requests, long-running operations.

It reaches Azure as every other client does, through what the environment says about proxies and certificates,
and keeps nothing but its token.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulator.arm.creations import CREATED, Creation
from emulator.provider import oidc

Json = dict[str, Any]

MANAGEMENT = "https://management.azure.com"
AUTHORITY = "https://login.microsoftonline.com"
_TERMINAL = {"succeeded", "failed", "canceled", "cancelled"}
_ATTEMPTS = 8
_LONGEST_PAUSE_S = 5.0
_BUSY = {429, 502, 503, 504}


class ArmError(Exception):
    """What Azure answered: `status`, its error `code` and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code} ({status}): {message}")
        self.status = status
        self.code = code


class Failed(ArmError):
    """The resource exists, but its provisioning ended badly; `body` is the resource."""

    def __init__(self, body: Json, message: str) -> None:
        super().__init__(200, "ProvisioningFailed", message)
        self.body = body


class Cancelled(Exception):
    """The engine asked to stop."""


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case; body: decoded JSON, {} when empty."""

    status: int
    headers: Mapping[str, str]
    body: Json


class Transport(Protocol):
    """One HTTP exchange. ConnectionError when there was no answer."""

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer: ...


class RequestsTransport:
    """The transport of real life; `requests` is imported at the first call, many previews need none."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        import requests

        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        try:
            answer = session.request(method, url, headers=dict(headers), data=data, timeout=timeout)
        except requests.RequestException as error:
            raise ConnectionError(f"{method} {url.split('?')[0]}: {error}") from error
        content = answer.content.strip()
        try:
            body = json.loads(content) if content else {}
        except ValueError:
            body = {"error": {"code": "NotJson", "message": content[:300].decode(errors="replace")}}
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, lower, body if isinstance(body, dict) else {"value": body})


@dataclass(frozen=True, slots=True)
class Credentials:
    """A service principal; `secret` never shows. federated: what takes the secret's place."""

    tenant: str
    client: str
    secret: str = field(repr=False)
    federated: oidc.Source | None = None


class ArmClient:
    """Calls on `subscription`, signed in with `credentials`. Safe for several threads."""

    def __init__(
        self, subscription: str, credentials: Credentials, transport: Transport | None = None
    ) -> None:
        self.subscription = subscription
        self.cancelled = threading.Event()
        self._credentials = credentials
        self._transport = transport or RequestsTransport()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    # what the provider does

    def get(self, resource_id: str, api_version: str, query: Mapping[str, str] | None = None) -> Json | None:
        """The resource; None when it, or its group or parent, does not exist."""
        answer = self._call("GET", self._url(resource_id, api_version, query))
        return None if answer.status == 404 else _checked(answer).body

    def created(self, resource_id: str, api_version: str, creation: Creation) -> tuple[bool, list[str]]:
        """Whether the resource exists, and the ids of those that were created as the same one before."""
        answer = self._call("GET", self._url(resource_id, api_version), headers=creation.headers)
        if answer.status != 404:
            _checked(answer)
        return answer.status != 404, json.loads(answer.headers.get(CREATED, "[]"))

    def put(
        self,
        resource_id: str,
        api_version: str,
        body: Json,
        query: Mapping[str, str] | None = None,
        *,
        timeout: float = 3600,
        creation: Creation | None = None,
    ) -> Json:
        """Create or replace and wait for the end. Failed when provisioning ends badly."""
        deadline = time.monotonic() + timeout
        headers = creation.headers if creation else None
        answer = _checked(self._call("PUT", self._url(resource_id, api_version, query), body, headers))
        try:
            self._finish(answer, deadline)
        except ArmError as error:
            existing = self.get(resource_id, api_version)
            raise (Failed(existing, str(error)) if existing else error) from error
        return self._settled(resource_id, api_version, answer, deadline)

    def delete(self, resource_id: str, api_version: str, *, timeout: float = 3600) -> None:
        """Delete and wait until it is gone; nothing happens when it does not exist."""
        deadline = time.monotonic() + timeout
        answer = self._call("DELETE", self._url(resource_id, api_version))
        if answer.status == 404:
            return
        _checked(answer)
        self._finish(answer, deadline)
        pause = _Pause(answer)
        while self.get(resource_id, api_version) is not None:
            self._wait(pause, deadline, f"{resource_id} is still there after its deletion")

    def post(self, resource_id: str, action: str, api_version: str, body: Json) -> Json:
        """A POST action of a resource, such as `listKeys`."""
        answer = _checked(self._call("POST", self._url(f"{resource_id}/{action}", api_version), body))
        self._finish(answer, time.monotonic() + 600)
        return answer.body

    def token(self, audience: str = MANAGEMENT) -> str:
        """A bearer token for the audience, kept until shortly before its end."""
        with self._lock:
            token, end = self._tokens.get(audience, ("", 0.0))
            if time.time() < end:
                return token
            token, seconds = self._sign_in(audience)
            self._tokens[audience] = (token, time.time() + max(0, seconds - 300))
            return token

    def claims(self) -> Json:
        """The claims of the management token: who is signed in."""
        parts = self.token().split(".")
        if len(parts) < 2:
            return {}
        return json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))

    # how

    def _sign_in(self, audience: str) -> tuple[str, float]:
        from urllib.parse import urlencode

        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client,
            "scope": f"{audience.rstrip('/')}/.default",
            **self._proof(),
        }
        url = f"{AUTHORITY}/{self._credentials.tenant}/oauth2/v2.0/token"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self._again("POST", url, lambda: headers, urlencode(form).encode(), 60)
        if answer.status != 200 or "access_token" not in answer.body:
            reason = answer.body.get("error_description") or answer.body.get("error") or answer.status
            raise ArmError(
                answer.status, "SignInFailed", f"no token for {self._credentials.client}: {reason}"
            )
        return str(answer.body["access_token"]), float(answer.body.get("expires_in", 3600))

    def _proof(self) -> dict[str, str]:
        """What shows that it is this client: its secret, or the token of a job that it trusts."""
        federated = self._credentials.federated
        if federated is None:
            return {"client_secret": self._credentials.secret}

        def ask(url: str, headers: Mapping[str, str]) -> Json:
            return self._again("GET", url, lambda: dict(headers), None, 60).body

        try:
            token = federated.get(ask)
        except (OSError, KeyError) as error:
            raise ArmError(401, "SignInFailed", f"no token of this job: {error!r}") from error
        return {"client_assertion_type": oidc.ASSERTION, "client_assertion": token}

    def _url(self, path: str, api_version: str, query: Mapping[str, str] | None = None) -> str:
        from urllib.parse import quote, urlencode

        parameters = urlencode({"api-version": api_version, **(query or {})})
        return f"{MANAGEMENT}{quote(path, safe='/()$@!*,;=:+~')}?{parameters}"

    def _call(
        self, method: str, url: str, body: Json | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One call; a lost answer or a busy service is tried again, every method here may be repeated."""
        data = None if body is None else json.dumps(body).encode()

        def sent() -> dict[str, str]:
            token = self.token()
            return {
                "authorization": f"Bearer {token}",
                "content-type": "application/json",
                **(headers or {}),
            }

        return self._again(method, url, sent, data, 300)

    def _again(
        self,
        method: str,
        url: str,
        headers: Callable[[], Mapping[str, str]],
        data: bytes | None,
        timeout: float,
    ) -> Answer:
        """One exchange, tried again while the answer is lost or the service is busy."""
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                answer = self._transport(method, url, headers=headers(), data=data, timeout=timeout)
            except ConnectionError:
                if last:
                    raise
                answer = None
            if answer is not None and (answer.status not in _BUSY or last):
                return answer
            if self.cancelled.wait(_retry_after(answer, min(_LONGEST_PAUSE_S, 0.2 * 2**attempt))):
                raise Cancelled
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _finish(self, answer: Answer, deadline: float) -> None:
        """Follow a long-running operation to its end. ArmError when it fails."""
        operation = answer.headers.get("azure-asyncoperation")
        location = answer.headers.get("location") if answer.status == 202 else None
        pause = _Pause(answer)
        while operation or location:
            self._wait(pause, deadline, f"the operation {operation or location} has not ended")
            polled = _checked(self._call("GET", operation or location or ""))
            pause.follow(polled)
            if not operation:
                location = polled.headers.get("location", location) if polled.status == 202 else None
                continue
            status = str(polled.body.get("status", "Succeeded")).lower()
            if status in _TERMINAL:
                if status != "succeeded":
                    raise _error(polled)
                return

    def _settled(self, resource_id: str, api_version: str, answer: Answer, deadline: float) -> Json:
        """The resource once its provisioningState is final."""
        body = answer.body if _state(answer.body) == "succeeded" else self.get(resource_id, api_version)
        pause = _Pause(answer)
        while body is None or _state(body) not in ("", *_TERMINAL):
            self._wait(pause, deadline, f"{resource_id} is still {_state(body or {}) or 'not there'}")
            body = self.get(resource_id, api_version)
        if _state(body) not in ("", "succeeded"):
            reason = (body.get("properties") or {}).get("provisioningErrors") or body.get("error") or ""
            raise Failed(body, f"provisioning of {resource_id} ended as {_state(body)} {reason}".rstrip())
        return body

    def _wait(self, pause: _Pause, deadline: float, still: str) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"given up after the time allowed: {still}")
        if self.cancelled.wait(pause.next()):
            raise Cancelled


class _Pause:
    """Seconds between two polls: what Azure asks for, else from a twentieth of a second up to two."""

    def __init__(self, answer: Answer) -> None:
        self._seconds = 0.05
        self._asked: float | None = None
        self.follow(answer)

    def follow(self, answer: Answer) -> None:
        text = answer.headers.get("retry-after", "")
        self._asked = float(text) if text.replace(".", "", 1).isdigit() else None

    def next(self) -> float:
        if self._asked is not None:
            return self._asked
        self._seconds = min(2.0, self._seconds * 1.5)
        return self._seconds


def _state(body: Json) -> str:
    properties = body.get("properties")
    return str(properties.get("provisioningState") or "").lower() if isinstance(properties, dict) else ""


def _retry_after(answer: Answer | None, otherwise: float) -> float:
    text = answer.headers.get("retry-after", "") if answer else ""
    return float(text) if text.replace(".", "", 1).isdigit() else otherwise


def _checked(answer: Answer) -> Answer:
    if answer.status >= 400:
        raise _error(answer)
    return answer


def _error(answer: Answer) -> ArmError:
    error = answer.body.get("error")
    error = error if isinstance(error, dict) else answer.body
    details = "".join(
        f" [{detail.get('code', '')}: {detail.get('message', '')}]"
        for detail in error.get("details") or ()
        if isinstance(detail, dict)
    )
    code = str(error.get("code") or f"Status{answer.status}")
    return ArmError(answer.status, code, f"{error.get('message') or 'no message'}{details}")
