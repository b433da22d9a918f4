"""The package of the function app, made of this checkout, and its way into Azure.

The code is sent as `az functionapp deployment source config-zip` does it for Flex Consumption: to the app's
console, which has Azure install the requirements and keeps the result in the deployment container.
"""

import hashlib
import io
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.jobs import snapshot
from ml.jobs.closure import PACKAGES
from ml.trigger.place import no_triggers

if TYPE_CHECKING:
    import httpx

    from ml.azure.clients import Azure

FOLDER: Final = "environments/functions/retrain"
# Whatever else lies there, as a local.settings.json with keys, is somebody's own and stays here.
OWN: Final = ("function_app.py", "host.json")
REQUIREMENTS: Final = "environments/requirements/functions.txt"
ROOTS: Final = ("ml.trigger.app", "ml.trigger.events")
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # of each file in the package, so that equal content is equal bytes
SUCCEEDED, FAILED = 4, 3  # states of a deployment, in the console's numbers
WAIT_S: Final = 600.0


def package(root: Path) -> bytes:
    """The zip of a checkout's function app. The same content gives the same bytes. Raises MlopsError."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(contents(root).items()):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), file, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def contents(root: Path) -> dict[str, bytes]:
    """Files by their names in the package: the app's own, what they import of ml/, and its requirements.

    Raises MlopsError, also for a file that git does not track.
    """
    own = tuple(f"{FOLDER}/{name}" for name in OWN)
    taken = snapshot.take(root, ROOTS, own, (*PACKAGES, FOLDER)).files
    files = {name.removeprefix(f"{FOLDER}/"): content for name, content in taken.items()}
    return {**files, "requirements.txt": (root / REQUIREMENTS).read_bytes()}


def publish(azure: "Azure", root: Path) -> dict[str, Any]:
    """Send the package to the estate's function app, and wait until its functions are loaded.

    Raises MlopsError where the estate has none, and with the console's words where it does not run.
    """
    import httpx

    app = azure.estate.retraining_app
    if app is None:
        raise no_triggers(azure)
    sent = package(root)
    digest = hashlib.sha256(sent).hexdigest()
    with httpx.Client(base_url=f"https://{app}.scm.azurewebsites.net", timeout=120.0) as client:
        with azure.report.phase(f"sending {len(sent) / 1e3:.0f} kB of code to {app}"):
            _send(azure, client, sent)
        with azure.report.phase("waiting until its functions are loaded"):
            _loaded(azure, client, app)
    return {"app": app, "content": digest[:16], "files": len(contents(root))}


def _send(azure: "Azure", client: "httpx.Client", content: bytes) -> None:
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


def _loaded(azure: "Azure", client: "httpx.Client", app: str) -> None:
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


def _signed(azure: "Azure") -> dict[str, str]:
    token = azure.credential.get_token("https://management.azure.com/.default").token
    return {"authorization": f"Bearer {token}"}
