"""Quotas: their lists, and what is refused beyond them."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.identity.service import Identity
from emulator.quota import checks, lists
from emulator.quota.limits import Limits


def install(arm: Arm, identity: Identity, limits: Limits) -> None:
    """Register the hooks and the paths."""
    checks.install(arm, limits)
    lists.install(arm, identity, limits)
