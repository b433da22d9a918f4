"""What the function app that scores is deployed as: its own files, scoring's code, its requirements."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ml.content import sha256_of_files
from ml.errors import MlopsError
from ml.jobs import snapshot
from ml.jobs.closure import PACKAGES
from scoring.hosted import PACKAGE, RELEASE

FOLDER: Final = "environments/functions/scoring"
# Whatever else lies there, as a local.settings.json with keys, is somebody's own and stays here.
OWN: Final = ("function_app.py", "host.json")
FILES: Final = tuple(f"{FOLDER}/{name}" for name in OWN)
SERVICE: Final = "environments/requirements/scoring.txt"
HOST: Final = "environments/requirements/functions.txt"
OF_HOST: Final = ("azure-functions", "werkzeug", "markupsafe")  # what the first one needs is the others
ROOTS: Final = ("scoring.hosted",)
# Conditions of packages for other systems than the Linux that Azure's host runs on.
ELSEWHERE: Final = re.compile(r"; sys_platform == '(win32|darwin|emscripten)'")
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # of each file, so that equal content is equal bytes


def package(root: Path, kernel: Path | None = None, told: Mapping[str, str] | None = None) -> bytes:
    """The zip of a checkout's function app. The same content gives the same bytes. Raises MlopsError.

    kernel: the wheel scoring-kernel, for the machine code; without it ONNX Runtime answers. told: variables
    of a release, which go before those of the app; the package's own digest is put beside them.
    """
    files = contents(root, kernel)
    if told is not None:
        digest = sha256_of_files({**files, RELEASE: _stated(told)})
        files[RELEASE] = _stated({**told, PACKAGE: f"sha256:{digest}"})
    return archived(files)


def _stated(told: Mapping[str, str]) -> bytes:
    return (json.dumps({"variables": dict(sorted(told.items()))}, indent=1) + "\n").encode()


def told_by(content: bytes) -> dict[str, str]:
    """The variables of a release's package, as `package` made it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read(RELEASE))["variables"]


def archived(files: Mapping[str, bytes]) -> bytes:
    """A zip of the files, the same for the same files in whichever order."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), content)
    return found.getvalue()


def contents(root: Path, kernel: Path | None = None) -> dict[str, bytes]:
    """Files by their names in the package. Raises MlopsError, also for one that git does not track."""
    requirements = requirements_of((root / SERVICE).read_text(), (root / HOST).read_text())
    taken = snapshot.take(root, ROOTS, FILES, (*PACKAGES, FOLDER)).files
    files = {name.removeprefix(f"{FOLDER}/"): content for name, content in taken.items()}
    return {**files, **_modules(kernel), "requirements.txt": requirements.encode()}


def uncommitted(root: Path) -> bool:
    """Whether no commit has the package: a file that it is made of differs, or there is no repository.

    Raises MlopsError as `contents` does.
    """
    made_of = snapshot.take(root, ROOTS, (*FILES, SERVICE, HOST), (*PACKAGES, FOLDER, SERVICE, HOST))
    return made_of.commit.startswith("content-") or made_of.commit.endswith("-dirty")


def requirements_of(service: str, host: str) -> str:
    """The service's locked packages, and those of Azure's host beside them, each with its hashes."""
    blocks = _blocks(service)
    wanted = {name: text for name, text in _blocks(host).items() if name[0] in OF_HOST}
    lacking = [name for name in OF_HOST if name not in {found for found, _ in wanted}]
    if lacking:
        raise MlopsError(
            f"{HOST} has no {', '.join(lacking)}, which the function app needs.", "Run `make lock`."
        )
    both = sorted({**blocks, **wanted}.items())
    return "".join(text for (_, condition), text in both if not ELSEWHERE.fullmatch(condition))


def _blocks(requirements: str) -> dict[tuple[str, str], str]:
    """A requirement file's entries, by name and condition."""
    found: dict[tuple[str, str], str] = {}
    for text in re.split(r"(?m)^(?=\S)", requirements):
        if match := re.match(r"([A-Za-z0-9._-]+)==\S+( ;[^\\\n]*)?", text):
            found[match[1].lower(), (match[2] or "").strip()] = text
    return found


def _modules(kernel: Path | None) -> dict[str, bytes]:
    """The modules of the machine code's wheel, which lie beside the app's own. Raises MlopsError."""
    if kernel is None:
        return {}
    try:
        with zipfile.ZipFile(kernel) as archive:
            return {name: archive.read(name) for name in archive.namelist() if "/" not in name}
    except (OSError, zipfile.BadZipFile) as error:
        raise MlopsError(
            f"--kernel {kernel} is no wheel: {error}.", "Make it with `mlops wheel --machine-code`."
        ) from error
