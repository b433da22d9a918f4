"""The package of an app: a zip with its code, checked before anything of it is unpacked."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from emulator.errors import AzureError

BLOB: Final = "released-package.zip"
NEEDED: Final = ("host.json", "function_app.py")
MOST_FILES: Final = 5_000
MOST_BYTES: Final = 200 << 20


@dataclass(frozen=True, slots=True)
class Host:
    """What is used of host.json; times in seconds."""

    most_deliveries: int = 5
    longest_pause: float = 60.0
    again_after: float = 0.0
    batch: int = 16
    prefix: str = "api"


def checked(content: bytes) -> Host:
    """Raises 400 for what is no package that can run."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            held = archive.infolist()
            names = {one.filename for one in held}
            if len(held) > MOST_FILES or sum(one.file_size for one in held) > MOST_BYTES:
                raise _refused(f"it holds more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB")
            for name in names:
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name:
                    raise _refused(f"the file {name!r} leads out of it")
            for name in NEEDED:
                if name not in names:
                    raise _refused(f"it has no {name} at its root")
            return host_of(json.loads(archive.read("host.json")))
    except (zipfile.BadZipFile, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _refused(str(error)) from error


def unpacked(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)


def host_of(told: Any) -> Host:
    if not isinstance(told, dict) or told.get("version") != "2.0":
        raise _refused('host.json has no "version": "2.0"')
    extensions: dict[str, Any] = told.get("extensions") or {}
    queues: dict[str, Any] = extensions.get("queues") or {}
    http: dict[str, Any] = extensions.get("http") or {}
    return Host(
        int(queues.get("maxDequeueCount", 5)),
        _seconds(queues.get("maxPollingInterval", "00:01:00")),
        _seconds(queues.get("visibilityTimeout", "00:00:00")),
        int(queues.get("batchSize", 16)),
        str(http.get("routePrefix", "api")),
    )


def _seconds(span: Any) -> float:
    try:
        hours, minutes, seconds = str(span).split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError as error:
        raise _refused(f"host.json has {span!r}, which is no hh:mm:ss") from error


def _refused(why: str) -> AzureError:
    return AzureError(400, "BadRequest", f"The package cannot be deployed: {why}.")
