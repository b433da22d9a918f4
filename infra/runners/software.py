"""GitHub's runner, pinned: what a new machine fetches and holds to its digest before it unpacks it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Software:
    """version: of github.com/actions/runner. sha256: of its archive for Linux on x64.

    date, source: when and where the digest was read.
    """

    version: str
    sha256: str
    date: str
    source: str

    @property
    def url(self) -> str:
        archive = f"actions-runner-linux-x64-{self.version}.tar.gz"
        return f"https://github.com/actions/runner/releases/download/v{self.version}/{archive}"


RUNNER: Final = Software(
    "2.337.0",
    "70920811a4f8ad4328818682bca5c6469c1c942fab52448868071d0063816613",
    "2026-11",
    "the same in four public repositories that check it; the release's own page was not reached",
)
"""A runner that starts takes GitHub's newest release for the one job that it has, in its own copy: GitHub
gives no jobs to one that is older than 30 days ("Self-hosted runners reference", runner software updates)."""
