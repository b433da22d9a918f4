"""What is asked of the way through the gateway, and each way in which it may be wrong."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ml.deploy.endpoint import Endpoint
from ml.release.stage import gateway

ENDPOINT = Endpoint("https://apim.example/scoring/v1", "k3y", gateway=True, revision="rev-0123456789abcdef")
TOKEN = "t0ken"
Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


def problem(status: int, kind: str, **headers: str) -> httpx.Response:
    body = {"type": f"urn:scoring:problem:{kind}", "title": "x", "status": status, "detail": "x"}
    return httpx.Response(status, json=body, headers={"content-type": gateway.PROBLEM, **headers})


def right(request: httpx.Request) -> httpx.Response:
    """A gateway that takes the key and the token, and hands the service's problems on."""
    assert request.headers["x-revision"] == ENDPOINT.revision
    key, token = request.headers.get("Ocp-Apim-Subscription-Key"), request.headers.get("authorization")
    if key != "k3y" and token != f"Bearer {TOKEN}":
        return problem(401, "gateway")
    if request.url.path.endswith("/score"):
        return problem(422, "invalid-rows", **{"x-request-id": request.headers["x-request-id"]})
    return httpx.Response(200, json={})


def asked(change: Change | None = None, version: str = "TLSv1.3", token: bool = True) -> Any:
    session = SimpleNamespace(version=lambda: version)
    stream = SimpleNamespace(get_extra_info=lambda name: session if version else None)

    def answer(request: httpx.Request) -> httpx.Response:
        found = right(request)
        found = change(request, found) if change else found
        found.extensions["network_stream"] = stream
        return found

    return gateway.check(ENDPOINT, (lambda: TOKEN) if token else None, httpx.MockTransport(answer))


@pytest.mark.parametrize("token", [True, False])
def test_the_right_way_passes(token: bool) -> None:
    found = asked(token=token)
    assert (found.passed, found.figures["tls"]) == (True, "TLSv1.3"), found.reason
    assert found.figures["tokens"] == ("tested" if token else "not taken")


def open_to_all(request: httpx.Request, found: httpx.Response) -> httpx.Response:
    return httpx.Response(200, json={}) if found.status_code == 401 else found


def no_details(request: httpx.Request, found: httpx.Response) -> httpx.Response:
    return httpx.Response(401, text="no") if found.status_code == 401 else found


def own_words(request: httpx.Request, found: httpx.Response) -> httpx.Response:
    return problem(422, "gateway") if found.status_code == 422 else found


def another_id(request: httpx.Request, found: httpx.Response) -> httpx.Response:
    return problem(422, "invalid-rows", **{"x-request-id": "other"}) if found.status_code == 422 else found


def no_tokens(request: httpx.Request, found: httpx.Response) -> httpx.Response:
    return problem(401, "gateway") if "authorization" in request.headers else found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (open_to_all, "GET /drift without a key gives 200, expected 401"),
        (no_details, "GET /drift with a wrong key is refused as None"),
        (own_words, "not one of the service's"),
        (another_id, "comes back as other"),
        (no_tokens, "GET /drift with a token gives 401"),
    ],
)
def test_what_is_wrong_is_said(change: Change, said: str) -> None:
    found = asked(change)
    assert not found.passed and said in found.reason


@pytest.mark.parametrize(("version", "said"), [("TLSv1.1", "TLSv1.1"), ("", "plain HTTP")])
def test_old_tls_and_none_are_not_passed(version: str, said: str) -> None:
    found = asked(version=version)
    assert not found.passed and f"it speaks {said}" in found.reason


def test_no_answer_is_not_passed() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    found = gateway.check(ENDPOINT, None, httpx.MockTransport(silent))
    assert not found.passed and "ConnectError" in found.reason
