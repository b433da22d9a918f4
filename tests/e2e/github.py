"""GitHub's side of a release that starts by itself: an App's tokens, and the runs of one workflow.

Asked as in "Generating a JSON Web Token for a GitHub App", "Create an installation access token for an app"
and "Create a workflow dispatch event" (docs.github.com, REST API version 2022-11-28, read 2026-11).
"""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from emulator.http import Request, Response
from tests.e2e.world import ROOT

HOST: Final = "api.github.com"
LONGEST_S: Final = 600  # that an App may prove itself with one assertion
TOKEN: Final = "ghs_of_the_installation"
Json = dict[str, Any]


@dataclass
class GitHub:
    """key: the public one of the App.

    dispatched: the inputs of each run that was asked for, the oldest first. refused: what was not done.
    """

    key: RSAPublicKey
    repository: str
    app: str
    installation: str
    dispatched: list[Json] = field(default_factory=list[Json])
    refused: list[str] = field(default_factory=list[str])

    def handle(self, request: Request) -> Response:
        """Answer as api.github.com does."""
        status, said = self._answer(request)
        if status >= 400:
            self.refused.append(f"{request.method} {request.path}: {said}")
        return Response(204) if status == 204 else Response.json(said, status)

    def _answer(self, request: Request) -> tuple[int, Json]:
        _, _, token = request.headers.get("authorization", "").partition(" ")
        workflow = f"/repos/{self.repository}/actions/workflows/release.yml"
        match request.method, request.path:
            case "POST", path if path == f"/app/installations/{self.installation}/access_tokens":
                if why := self._unproven(token):
                    return 401, {"message": why}
                asked = request.json()
                one = {
                    "repositories": [self.repository.partition("/")[2]],
                    "permissions": {"actions": "write"},
                }
                return (
                    (201, {"token": TOKEN}) if asked == one else (422, {"message": f"{asked} is asked for"})
                )
            case _ if token != TOKEN:
                return 401, {"message": "Bad credentials"}
            case "GET", path if path == f"{workflow}/runs":
                runs = [{"display_title": title(inputs)} for inputs in reversed(self.dispatched)]
                return 200, {"total_count": len(runs), "workflow_runs": runs}
            case "POST", path if path == f"{workflow}/dispatches":
                return self._dispatch(request.json())
            case _:
                return 404, {"message": "Not Found"}

    def _dispatch(self, asked: Json) -> tuple[int, Json]:
        unknown = set(asked.get("inputs", {})) - set(_workflow()[True]["workflow_dispatch"]["inputs"])
        if unknown or asked.get("ref") != "main":
            return 422, {"message": f"Unexpected inputs provided: {sorted(unknown)}, ref {asked.get('ref')}"}
        self.dispatched.append(asked["inputs"])
        return 204, {}

    def _unproven(self, token: str) -> str:
        """Why an assertion proves nothing; "" where it is the App's."""
        head, _, signature = token.rpartition(".")
        try:
            self.key.verify(_decoded(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return "A JSON web token could not be decoded"
        claims = json.loads(_decoded(head.partition(".")[2]))
        lives = claims["exp"] - claims["iat"]
        if claims["iss"] != self.app or not claims["iat"] <= time.time() < claims["exp"] or lives > LONGEST_S:
            return f"'Expiration time' or 'Issuer' claim is wrong: {claims}"
        return ""


def title(inputs: Json) -> str:
    """The name of a run, by the workflow's own `run-name`: the first of its alternatives that there is."""
    name = str(_workflow()["run-name"])
    found = re.fullmatch(r"(.*)\$\{\{ (.*) \}\}", name)
    assert found, name
    for part in found[2].split(" || "):
        value = part.strip("'") if part.startswith("'") else inputs.get(part.removeprefix("inputs."), "")
        if value:
            return f"{found[1]}{value}"
    raise AssertionError(name)


def _workflow() -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
