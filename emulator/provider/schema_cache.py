"""Schemas on disk, so that a start of the provider does not import the SDK (seconds of CPU).

One directory for each version of the SDK and of the reader, one file for each resource, in the user's cache
directory. On a miss one process reads every catalogued resource that is not there yet.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from emulator.arm.catalog import ROWS
from emulator.provider.schema import Resource
from emulator.provider.sdk import sdk_version

_HERE = Path(__file__).resolve().parent
_lock = threading.Lock()
_loaded: dict[str, Resource] = {}


class UnknownResource(LookupError):
    """The installed SDK has no such resource."""


def directory() -> Path:
    """Where the schemas of this SDK, as this reader reads them, are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    reader = hashlib.sha256(
        b"".join((_HERE / name).read_bytes() for name in ("introspection.py", "schema.py"))
    ).hexdigest()[:12]
    return Path(cache) / "mlops-estate" / "provider-schema" / f"{sdk_version()}-{reader}"


def file_of(where: Path, token: str) -> Path:
    """The file of `azure-native:storage:StorageAccount`: storage.StorageAccount.json."""
    return where / f"{'.'.join(token.removeprefix('azure-native:').split(':'))}.json"


def write(path: Path, text: str) -> None:
    """Write aside, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def resource(token: str) -> Resource:
    """The schema of a full token. UnknownResource if the SDK does not have it."""
    with _lock:
        if token not in _loaded:
            _loaded[token] = _read(token)
        return _loaded[token]


def warm() -> Path:
    """Make sure that every catalogued resource is there; fast when it is."""
    where = directory()
    _introspect(where, [f"azure-native:{token}" for row in ROWS for token in row.tokens])
    return where


def _read(token: str) -> Resource:
    where = directory()
    path = file_of(where, token)
    if not path.exists():
        warm()
        _introspect(where, [token])
    content = json.loads(path.read_text(encoding="utf-8"))
    if "missing" in content:
        raise UnknownResource(f"{token}: {content['missing']} (pulumi-azure-native {sdk_version()})")
    return Resource.load(content)


def _introspect(where: Path, tokens: list[str]) -> None:
    if all(file_of(where, token).exists() for token in tokens):
        return
    where.mkdir(parents=True, exist_ok=True)
    with (where / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [token for token in tokens if not file_of(where, token).exists()]
        if not missing:
            return
        command = [sys.executable, "-m", "emulator.provider.introspection", str(where), *missing]
        done = subprocess.run(
            command,
            cwd=_HERE.parent.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(
            f"the schema of pulumi-azure-native {sdk_version()} cannot be read: {done.stderr.strip()}"
        )
