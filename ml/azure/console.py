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
    import httpx

    query = {"RemoteBuild": "true", "Deployer": "mlops"}
    headers = {**_signed(azure), "content-type": "application/zip"}
    try:
        answer = client.post("/api/publish", params=query, content=content, headers=headers)
    except httpx.HTTPError as error:
        raise MlopsError(
            f"The console of the function app does not answer: {type(error).__name__}.",
            "Run it where the estate lets in: an address that it lists, of a private one inside its network. "
            "Whether the code has arrived is not known: the same command sends it again.",
            [str(error)],
        ) from error
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
    import httpx

    until = time.monotonic() + WAIT_S
    while True:
        told: dict[str, Any] = {}
        try:
            answer = client.get("/api/deployments/latest", headers=_signed(azure))
            said = f"it answered {answer.status_code}"
            told = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError) as error:  # one ask of many: the code is there, and goes on
            said = f"{type(error).__name__}: {error}"
        if told.get("status") == SUCCEEDED:
            return
        if told.get("status") == FAILED or time.monotonic() > until:
            words = str(told.get("status_text") or said)
            raise MlopsError(f"The code does not run in {app}.", "Correct what its words name.", [words])
        time.sleep(azure.settings.azure.poll_seconds)


def _signed(azure: Azure) -> dict[str, str]:
    token = azure.credential.get_token("https://management.azure.com/.default").token
    return {"authorization": f"Bearer {token}"}
