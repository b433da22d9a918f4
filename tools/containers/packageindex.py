"""The machine's settings of pip, for a build that reaches the same package index and leaves no trace of it.

They are mounted while the build runs, where pip looks for them; a Dockerfile needs to know nothing of that.
"""

from __future__ import annotations

import configparser
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

MOUNT = "/etc/xdg/pip"  # pip reads pip.conf here
# The options that say where packages come from, and those of them that name a file.
OPTIONS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "proxy",
    "timeout",
    "default-timeout",
    "retries",
    "cert",
    "client-cert",
)
FILES = ("cert", "client-cert")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")  # of other programs, in pip's order


def settings(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The options of OPTIONS that are in force on this machine: of pip's files, then of its variables."""
    files = [Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf"), home / ".pip/pip.conf"]
    files.append(Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf")
    own = environment.get("PIP_CONFIG_FILE", "")
    files = [] if own == os.devnull else [*files, *([Path(own)] if own else [])]
    found: dict[str, str] = {}
    for section in ("global", "install"):
        for file in files:
            parser = configparser.RawConfigParser()
            parser.read(file)
            if parser.has_section(section):
                found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    for option in OPTIONS:
        value = environment.get(f"PIP_{option.replace('-', '_').upper()}", "")
        if value:
            found[option] = value
    certificates = [environment[name] for name in CERTIFICATES if environment.get(name)]
    if "cert" not in found and certificates:
        found["cert"] = certificates[0]
    return {option: found[option] for option in OPTIONS if option in found}


def write(folder: Path, options: Mapping[str, str]) -> list[str]:
    """Write pip.conf and the files that it names into a folder; podman's arguments that mount them."""
    inside = dict(options)
    mounts = ["--volume", f"{folder}:{MOUNT}:ro"]
    for option in FILES:
        source = Path(inside.get(option, ""))
        if option in inside and source.is_file():
            shutil.copyfile(source, folder / option)
            (folder / option).chmod(0o600)
            inside[option] = f"{MOUNT}/{option}"
        else:
            inside.pop(option, None)
    links: list[str] = []
    for word in inside.pop("find-links", "").split():
        if Path(word).is_dir() and any(Path(word).iterdir()):
            name = f"links-{len(links)}"
            shutil.copytree(word, folder / name)
            links.append(f"{MOUNT}/{name}")
        elif "://" in word:
            links.append(word)
    if links:
        inside["find-links"] = "\n".join(links)
    lines = [f"{option} = {value}".replace("\n", "\n    ") for option, value in inside.items()]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines]) + "\n")
    return mounts
