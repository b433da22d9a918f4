"""Freeing a tree of where it lies: a layer is renamed into place, and its copies run elsewhere."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from emulator.images.tree import PYVENV, SITE_PACKAGES


def settle(root: Path) -> None:
    """Make the scripts of all virtual environments of a tree find their interpreter beside them.

    The scripts that activate an environment name the place that it was made at; they go.
    """
    for prefix in _environments(root):
        binaries = prefix / "bin"
        if binaries.is_symlink():  # its scripts lie elsewhere
            continue
        for script in binaries.glob("[aA]ctivate*"):
            script.unlink()
        relocate_scripts(root, binaries)


def _environments(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != SITE_PACKAGES]
        if PYVENV in files:
            yield Path(folder)


def relocate_scripts(root: Path, binaries: Path) -> None:
    """Make the scripts of ``binaries`` find their interpreter beside them instead of by an absolute path."""
    if not binaries.is_dir():
        return
    python = re.escape(str(root).encode()) + rb"[^\n'\"]*/python[0-9.]*"
    # The second form is what installers write when the path is long or has blanks in it.
    pattern = re.compile(
        rb"^#!\s*" + python + rb"\s*\n|^#!/bin/sh\n'''exec' ['\"]?" + python + rb"['\"]? [^\n]*\n' '''\n"
    )
    polyglot = (
        b"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"
    )
    for script in binaries.iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        with script.open("rb") as file:
            if file.read(2) != b"#!":
                continue
        content = script.read_bytes()
        match = pattern.match(content)
        if match:
            aside = script.with_name(f".{script.name}.new")
            aside.write_bytes(polyglot + content[match.end() :])
            shutil.copymode(script, aside)
            aside.replace(script)
