"""Containers are reached through the emulator alone: what listens in them listens on loopback."""

from __future__ import annotations

import re
from typing import Final

import psutil

ADDRESS: Final = "127.0.0.1"
"""What the variable HOST says, and what stands for "all interfaces" in words and variables of a container."""
# As an address of its own, with or without a port: no part of another address, no range such as 0.0.0.0/0.
EVERYWHERE: Final = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.]|/\d)|\[::\](?!/\d)|^::$")


def on_loopback(text: str) -> str:
    """A word of a command, or the value of a variable, with loopback for all interfaces."""
    return EVERYWHERE.sub(ADDRESS, text)


def listening_elsewhere(pid: int) -> list[str]:
    """Where the process and those below it listen beyond loopback, as ADDRESS:PORT, asked of the kernel.

    Empty where the system does not tell, and for processes that have ended meanwhile.
    """
    found: set[str] = set()
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            found |= {
                f"{at.laddr.ip}:{at.laddr.port}"
                for at in one.net_connections("inet")
                if at.status == psutil.CONN_LISTEN and not _is_loopback(at.laddr.ip)
            }
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return sorted(found)
    return sorted(found)


def _is_loopback(address: str) -> bool:
    return address.removeprefix("::ffff:").startswith("127.") or address == "::1"
