"""Put the provider where the emulator's own PULUMI_HOME finds it."""

from __future__ import annotations

import fcntl
import io
import os
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

from emulator.home import REPOSITORY, Home, private, write_aside
from emulator.provider.sdk import sdk_version

PROGRAM = "pulumi-resource-azure-native"


class InstallError(Exception):
    """Pulumi did not take the plugin; the text is what it said."""


def ensure(home: Home, pulumi: Path) -> None:
    """Install the plugin into `home` with the Pulumi CLI, once; again when its launcher would differ.

    Of several first commands at the same time one installs it, and the others wait. The version is the
    installed SDK's: Pulumi asks for exactly that one. InstallError when Pulumi refuses.
    """
    version = sdk_version()
    launcher = _launcher(home)
    installed = home.pulumi_home / "plugins" / f"resource-azure-native-v{version}" / PROGRAM

    def there() -> bool:
        return installed.exists() and installed.read_text() == launcher

    if there():
        return
    with (private(home.pulumi) / f"{PROGRAM}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not there():
            _install(home, pulumi, version, launcher, installed)


def _install(home: Home, pulumi: Path, version: str, launcher: str, installed: Path) -> None:
    archive = home.pulumi / f"{PROGRAM}-v{version}.tar.gz"
    write_aside(archive, _archive(launcher))
    command = [str(pulumi), "plugin", "install", "resource", "azure-native", version]
    environment = {
        **os.environ,
        "PULUMI_HOME": str(home.pulumi_home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    done = subprocess.run(
        [*command, "--file", str(archive), "--reinstall", "--non-interactive", "--color", "never"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    archive.unlink()
    if done.returncode or not installed.exists():
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        raise InstallError(f"`{' '.join(command)}` into {home.pulumi_home} failed: {said}")


def _launcher(home: Home) -> str:
    """A script that runs this repository's provider with this interpreter; -P keeps the program's cwd out."""
    arguments = [sys.executable, "-P", "-m", "emulator.provider", "--home", str(home.root)]
    return f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(REPOSITORY))} \\\nexec {shlex.join(arguments)} "$@"\n'


def _archive(launcher: str) -> bytes:
    content = launcher.encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo(PROGRAM)
        entry.size, entry.mode = len(content), 0o755
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
