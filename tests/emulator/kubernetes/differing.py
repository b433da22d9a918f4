"""Where the emulator's API server is known to answer otherwise than was recorded: scenario -> why -> steps.

A row goes when the emulator answers as recorded (`make test-all` says so); a new one needs its reason.
"""

from __future__ import annotations

from typing import Final

DIFFERING: Final[dict[str, dict[str, tuple[str, ...]]]] = {}


def known(scenario: str) -> set[str]:
    """The steps of a scenario that may differ."""
    return {step for steps in DIFFERING.get(scenario, {}).values() for step in steps}
