"""A registered model starts the workflow `release`, by a GitHub App whose key never leaves Key Vault.

Key Vault signs what GitHub asks a token for ("Generating a JSON Web Token for a GitHub App", REST API version
2022-11-28, read 2026-11). The App needs the permission `actions: write` on one repository, and nothing else.
"""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import httpx

API: Final = "https://api.github.com"
VERSION: Final = "2022-11-28"
LIFETIME: Final = 540  # seconds, of the ten minutes that GitHub allows
DRIFT: Final = 60  # seconds that GitHub's clock may be behind
LOOKED_AT: Final = 50  # newest runs of the workflow

Sign = Callable[[bytes], bytes]
"""The RSA signature (RS256) of these bytes."""


class Refused(Exception):
    """GitHub's words, with what was asked of it."""


class Workflow(Protocol):
    """The workflow `release`."""

    def is_started(self, model: str) -> bool:
        """Whether there is a run for NAME:VERSION."""
        ...

    def start(self, model: str) -> None: ...


class ReleaseWorkflow:
    """repository: OWNER/NAME. app: the App's client id or number. installation: its number in the repository.

    ref: the branch whose workflow runs. Raises Refused.
    """

    def __init__(
        self,
        client: "httpx.Client",
        sign: Sign,
        now: Callable[[], datetime],
        *,
        repository: str,
        app: str,
        installation: str,
        ref: str = "main",
        workflow: str = "release.yml",
    ) -> None:
        self._client, self._sign, self._now = client, sign, now
        self._app, self._installation, self._ref = app, installation, ref
        self._path = f"/repos/{repository}/actions/workflows/{workflow}"
        self._repository = repository.partition("/")[2]
        self._token = ""

    def is_started(self, model: str) -> bool:
        found = self._asked(
            "GET", f"{self._path}/runs", params={"event": "workflow_dispatch", "per_page": LOOKED_AT}
        )
        return any(str(run.get("display_title")) == title(model) for run in found.get("workflow_runs", ()))

    def start(self, model: str) -> None:
        self._asked("POST", f"{self._path}/dispatches", json={"ref": self._ref, "inputs": {"model": model}})

    def assertion(self) -> str:
        """What the App proves itself with: a JWT that Key Vault has signed."""
        now = int(self._now().timestamp())
        claims = {"iat": now - DRIFT, "exp": now + LIFETIME, "iss": self._app}
        signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{signed}.{_encoded(self._sign(signed.encode()))}"

    def _asked(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        if not self._token:
            # For this repository and this permission alone, whatever else the installation has.
            wanted = {"repositories": [self._repository], "permissions": {"actions": "write"}}
            path_of_tokens = f"/app/installations/{self._installation}/access_tokens"
            answer = self._call("POST", path_of_tokens, self.assertion(), json=wanted)
            self._token = str(answer["token"])
        return self._call(method, path, self._token, **how)

    def _call(self, method: str, path: str, token: str, **how: Any) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
        }
        answer = self._client.request(method, f"{API}{path}", headers=headers, **how)
        if answer.status_code >= 300:
            raise Refused(f"GitHub answers {answer.status_code} to {method} {path}: {_words(answer.text)}")
        return answer.json() if answer.content else {}


def title(model: str) -> str:
    """What a run of the workflow is called, by its `run-name`: so a repeat finds it."""
    return f"release {model}"


def _part(content: dict[str, Any]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _words(text: str) -> str:
    try:
        said = json.loads(text)
    except ValueError:
        return text[:200]
    return str(said.get("message", text))[:200] if isinstance(said, dict) else text[:200]
