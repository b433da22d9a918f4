"""Room on the disk that holds the home: how much is kept free, and what is said when there is too little.

Pulumi keeps its state in the home. Where it finds no room, it puts the beginning of the new state in the old
one's place, and cannot read the stack any more: gocloud.dev 0.46, by which it writes, renames a file after a
failed write as after a good one. So nothing begins on a disk that is nearly full, and the emulator leaves the
last bytes to Pulumi.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
TO_BEGIN: Final = 24 * MIB  # free before the emulator, or a command that runs in its world, starts
TO_CHANGE: Final = 12 * MIB  # free before a request may make or change something
CHANGES: Final = ("PUT", "PATCH")  # a deletion makes room


def words(reason: str, root: Path) -> str:
    """What is said of a full disk. reason: what the system says, or how much is left"""
    return f"{reason}: the disk that holds {root} is full. Make room there and run the command again."


def shortage(root: Path, least: int) -> str:
    """What is said when fewer bytes than that are free beside an existing folder; "" when there is room."""
    found = os.statvfs(root)
    free = found.f_bavail * found.f_frsize
    if free >= least:
        return ""
    return words(f"{free / MIB:.1f} MiB are free, {least // MIB} are needed", root)
