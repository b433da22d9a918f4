"""How many cores this container may use."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def supervised() -> bool:
    """Whether a supervisor can run here: it needs Linux, so on macOS the service is one process."""
    needed = ((os, "sched_getaffinity"), (os, "memfd_create"), (signal, "sigtimedwait"))
    return all(hasattr(module, name) for module, name in needed)


def available(cgroup: Path = CGROUP) -> int:
    """Whole cores, at least 1: those this process may run on, cut to the container's processor quota.

    On a system where no supervisor can run it is 1.
    """
    if not supervised():
        return 1
    allowed = len(os.sched_getaffinity(0))
    quota = _quota(cgroup)
    return max(1, allowed if quota is None else min(allowed, math.floor(quota)))


def _quota(cgroup: Path) -> float | None:
    """The container's quota in cores, from control groups of version 2 or else 1; None when there is none."""
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            limit = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    try:
        return float(limit) / float(period) if float(limit) > 0 else None
    except (ValueError, ZeroDivisionError):  # the file says "max" when there is no quota
        return None
