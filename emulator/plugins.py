"""Plugins of other providers, put where the emulator's Pulumi finds them: from a folder, or downloaded."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from emulator.home import Home
from emulator.program import Plugin, ProgramError

# The caller's folders of plugins, separated as in PATH.
FOLDERS: Final = "EMULATOR_PLUGINS"
OWN: Final = "azure-native"
DOWNLOAD_WITHIN_S: Final = 600
AT_ONCE: Final = 4
# Name, version and server are known; Pulumi would ask its registry first, for 7 s where there is no internet.
QUIET: Final = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_REGISTRY_RESOLVE": "true"}
MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def ensure(home: Home, pulumi: Path, wanted: Iterable[Plugin], outside: Mapping[str, str]) -> list[str]:
    """Install those that are missing. ``outside`` is an environment that reaches the world outside.

    A plugin is taken from the folders in ``EMULATOR_PLUGINS`` or from the caller's own Pulumi, and is
    downloaded where neither has it. Gives a text for each that cannot be had, with all that can be done: it
    may belong to a package that the program does not use. ProgramError for a package of azure-native that is
    not of the emulated version.
    """
    missing: list[Plugin] = []
    for plugin in wanted:
        if plugin.name == OWN:
            _same_version(plugin)
        elif not (home.pulumi_home / "plugins" / _folder(plugin)).is_dir():
            missing.append(plugin)
    with ThreadPoolExecutor(AT_ONCE) as pool:  # Pulumi tries a download five times before it gives up
        tries = [pool.submit(_install, home, pulumi, plugin, outside) for plugin in missing]
        return [text for one in tries if (text := one.result())]


def _same_version(plugin: Plugin) -> None:
    from emulator.provider.sdk import sdk_version

    if plugin.version != sdk_version():
        raise ProgramError(
            f"the program's environment has pulumi-azure-native {plugin.version}, and the emulator's "
            f"provider is that of {sdk_version()}: Pulumi takes no other. In that environment: "
            f"pip install pulumi-azure-native=={sdk_version()}"
        )


def _folder(plugin: Plugin) -> str:
    return f"resource-{plugin.name}-v{plugin.version}"


def archive(plugin: Plugin) -> str:
    """The name under which Pulumi publishes a plugin for this machine."""
    machine = platform.machine().lower()
    kind = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    return f"pulumi-resource-{plugin.name}-v{plugin.version}-{kind}.tar.gz"


def folders(outside: Mapping[str, str]) -> list[Path]:
    """Where plugins are looked for: the caller's folders, then those of the caller's own Pulumi."""
    named = [Path(one).expanduser() for one in outside.get(FOLDERS, "").split(os.pathsep) if one]
    for folder in named:
        if not folder.is_dir():
            raise ProgramError(f"{FOLDERS} names {folder}, which is no folder")
    own = Path(outside.get("PULUMI_HOME") or Path(outside.get("HOME") or Path.home()) / ".pulumi")
    return [*named, own / "plugins"]


def _install(home: Home, pulumi: Path, plugin: Plugin, outside: Mapping[str, str]) -> str:
    """Install one; what to do about it where it cannot be had, else nothing."""
    searched = folders(outside)
    names = (archive(plugin), _folder(plugin))
    found = next(
        (one for one in (folder / name for folder in searched for name in names) if one.exists()), None
    )
    command = [str(pulumi), "plugin", "install", "resource", plugin.name, plugin.version]
    if found is not None:
        command += ["--file", str(found)]
    elif plugin.server:
        command += ["--server", plugin.server]
    try:
        done = subprocess.run(
            [*command, "--exact", "--non-interactive", "--color", "never"],
            env={**outside, "PULUMI_HOME": str(home.pulumi_home), **QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_WITHIN_S,
            check=False,
        )
        said = done.stderr.strip() or done.stdout.strip()
    except subprocess.TimeoutExpired:
        said = f"no end after {DOWNLOAD_WITHIN_S} s"
    if (home.pulumi_home / "plugins" / _folder(plugin)).is_dir():
        return ""
    where = ", ".join(map(str, searched))
    last = said.splitlines()[-1] if said else "pulumi said nothing"
    tried = f"could not be taken from {found}" if found else f"is not in {where} and could not be downloaded"
    return (
        f"the program's package {plugin.package} needs the plugin {plugin.name} {plugin.version}, which "
        f"{tried}: {last}\n  Where there is internet, download it (Pulumi publishes it as {names[0]}). Put "
        f"the file, or the folder {names[1]} of another machine's ~/.pulumi/plugins, into a folder and set "
        f"{FOLDERS} to it"
    )
