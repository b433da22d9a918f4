"""Copies between blobs and a job's folders: inputs and code in, outputs and logs out."""

from __future__ import annotations

import shutil
from pathlib import Path

from emulator.errors import AzureError
from emulator.home import private
from emulator.machinelearning.literals import FILE_TYPES
from emulator.machinelearning.references import Location
from emulator.storage.service import Blobs


def fresh(folder: Path) -> Path:
    """Make the folder anew, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    return private(folder)


def fetch(blobs: Blobs, where: Location, kind: str, folder: Path) -> Path:
    """Bring what is at ``where`` into ``folder``. Returns the file's path, or ``folder`` for a folder."""
    path = where.path.rstrip("/")
    one_file = bool(path) and blobs.exists(where.account, where.container, path)
    if kind in FILE_TYPES and not one_file:
        raise AzureError(404, "UserError", f"There is no file at {where.url}.")
    try:
        brought = blobs.copy_tree_in(where.account, where.container, path, folder)
    except AzureError as error:
        raise AzureError(
            error.status, "UserError", f"There is nothing at {where.url} ({error.code})."
        ) from error
    return brought[0] if one_file else folder


def deliver(blobs: Blobs, local: Path, where: Location) -> None:
    """Bring a file, or what a folder holds, to ``where``."""
    if local.is_dir():
        blobs.copy_tree_out(local, where.account, where.container, where.path.rstrip("/"))
    else:
        blobs.write(where.account, where.container, where.path.rstrip("/"), local)


def copy(blobs: Blobs, source: Location, target: Location) -> None:
    """Copy the blob at ``source``, or all blobs under it, to ``target``."""
    root = source.path.rstrip("/")
    for blob in blobs.list(source.account, source.container, root):
        rest = blob.name.removeprefix(root)
        if not rest or rest.startswith("/"):
            data = blobs.path(source.account, source.container, blob.name)
            blobs.write(target.account, target.container, f"{target.path.rstrip('/')}{rest}", data)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
