"""The workflow `release` is started by a GitHub App: what is asked of GitHub, and what it may answer."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from ml.trigger.github import Refused, ReleaseWorkflow
from ml.trigger.release import begin

KEY = rsa.generate_private_key(65537, 2048)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def sign(content: bytes) -> bytes:
    return KEY.sign(content, padding.PKCS1v15(), SHA256())


class GitHub:
    """runs: display titles of the workflow's runs."""

    def __init__(self, *runs: str, refuses: str = "") -> None:
        self.runs, self.refuses = list(runs), refuses
        self.calls: list[tuple[str, str, Any]] = []
        self.assertion = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, token = request.url.path, request.headers["authorization"].removeprefix("Bearer ")
        body = json.loads(request.content) if request.content else None
        self.calls.append((request.method, path, body))
        if self.refuses and self.refuses in path:
            return httpx.Response(403, json={"message": "Resource not accessible by integration"})
        if path.endswith("/access_tokens"):
            self.assertion = token
            return httpx.Response(201, json={"token": "ghs_installation"})
        assert token == "ghs_installation"
        if path.endswith("/runs"):
            return httpx.Response(200, json={"workflow_runs": [{"display_title": one} for one in self.runs]})
        self.runs.append(f"release {body['inputs']['model']}")
        return httpx.Response(204)

    def workflow(self) -> ReleaseWorkflow:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return ReleaseWorkflow(
            client, sign, lambda: NOW, repository="o/estate", app="Iv1.a", installation="42"
        )


def test_a_registered_model_starts_the_workflow_once() -> None:
    github = GitHub("release credit-default:2")
    assert begin("credit-default:3", github.workflow())
    assert not begin("credit-default:3", github.workflow())
    dispatches = [body for method, path, body in github.calls if path.endswith("/dispatches")]
    assert dispatches == [{"ref": "main", "inputs": {"model": "credit-default:3"}}]


def test_the_app_proves_itself_with_a_short_token_that_its_key_signed() -> None:
    github = GitHub()
    begin("m:1", github.workflow())
    head, claims, signature = github.assertion.split(".")

    def decoded(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    KEY.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())
    assert json.loads(decoded(head))["alg"] == "RS256"
    said = json.loads(decoded(claims))
    assert said["iss"] == "Iv1.a"
    assert said["iat"] < NOW.timestamp() < said["exp"]
    assert said["exp"] - said["iat"] <= 600


def test_the_token_is_for_one_repository_and_one_permission() -> None:
    github = GitHub()
    begin("m:1", github.workflow())
    assert github.calls[0] == (
        "POST",
        "/app/installations/42/access_tokens",
        {"repositories": ["estate"], "permissions": {"actions": "write"}},
    )


@pytest.mark.parametrize("part", ["/access_tokens", "/runs", "/dispatches"])
def test_what_github_refuses_is_said_in_its_words_without_a_token(part: str) -> None:
    with pytest.raises(Refused, match=r"403 .*Resource not accessible by integration") as found:
        begin("m:1", GitHub(refuses=part).workflow())
    assert "ghs_" not in str(found.value)
    assert "Bearer" not in str(found.value)
