"""The package of the function app that starts trainings, made of this checkout, and its way into Azure."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.azure import console
from ml.jobs import snapshot
from ml.jobs.closure import PACKAGES
from ml.trigger.place import no_triggers

if TYPE_CHECKING:
    from ml.azure.clients import Azure

FOLDER: Final = "environments/functions/retrain"
# Whatever else lies there, as a local.settings.json with keys, is somebody's own and stays here.
OWN: Final = ("function_app.py", "host.json")
REQUIREMENTS: Final = "environments/requirements/functions.txt"
ROOTS: Final = ("ml.trigger.app", "ml.trigger.events")
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # of each file in the package, so that equal content is equal bytes


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
    app = azure.estate.retraining_app
    if app is None:
        raise no_triggers(azure)
    sent = package(root)
    console.publish(azure, app, sent)
    return {"app": app, "content": hashlib.sha256(sent).hexdigest()[:16], "files": len(contents(root))}
