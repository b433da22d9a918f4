"""Code's way into a function app, as `az functionapp deployment source config-zip` goes for Flex Consumption.

It is sent to the app's console, which has Azure install the requirements and keeps the result in the
container of the app's packages.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    import httpx

    from ml.azure.clients import Azure

SUCCEEDED, FAILED = 4, 3  # states of a deployment, in the console's numbers
WAIT_S: Final = 600.0


def publish(azure: Azure, app: str, content: bytes) -> None:
    """Send a package, and wait until its functions are loaded. content: a zip with requirements.txt.

    Raises MlopsError with the console's words where it is not taken, or does not run.
    """
    import httpx

    with httpx.Client(base_url=f"https://{app}.scm.azurewebsites.net", timeout=120.0) as client:
        with azure.report.phase(f"sending {len(content) / 1e3:.0f} kB of code to {app}"):
            _send(azure, client, content)
        with azure.report.phase("waiting until its functions are loaded"):
            _loaded(azure, client, app)


def _send(azure: Azure, client: httpx.Client, content: bytes) -> None:
    query = {"RemoteBuild": "true", "Deployer": "mlops"}
    headers = {**_signed(azure), "content-type": "application/zip"}
    answer = client.post("/api/publish", params=query, content=content, headers=headers)
    if answer.status_code in (200, 202):
        return
    remedy = {
        401: "Sign in (`az login`).",
        403: "You need Website Contributor on the app, and an address that the estate lists.",
    }.get(answer.status_code, "Correct what its words name.")
    raise MlopsError(
        f"The function app takes no code ({answer.status_code}).", remedy, answer.text.splitlines()[:4]
    )


def _loaded(azure: Azure, client: httpx.Client, app: str) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        answer = client.get("/api/deployments/latest", headers=_signed(azure))
        told: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        if told.get("status") == SUCCEEDED:
            return
        if told.get("status") == FAILED or time.monotonic() > until:
            words = str(told.get("status_text") or f"it answered {answer.status_code}")
            raise MlopsError(f"The code does not run in {app}.", "Correct what its words name.", [words])
        time.sleep(azure.settings.azure.poll_seconds)


def _signed(azure: Azure) -> dict[str, str]:
    token = azure.credential.get_token("https://management.azure.com/.default").token
    return {"authorization": f"Bearer {token}"}
