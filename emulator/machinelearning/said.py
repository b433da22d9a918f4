"""What a pipeline or a sweep says of itself: kept with its run, and written into a log of its job."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any, Protocol

from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.runs import Runs


class Speaker(Protocol):
    """A job that several threads carry out."""

    @property
    def workspace(self) -> Workspace: ...
    @property
    def job(self) -> dict[str, Any]: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def logs(self) -> JobLogs: ...
    @property
    def lines(self) -> list[str]: ...
    @property
    def saying(self) -> threading.Lock: ...


def say(speaker: Speaker, log: str, text: str) -> None:
    """Add a line to the log of that name."""
    with speaker.saying:
        lines = speaker.lines
        lines.append(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}] {text}")
        speaker.logs.write(speaker.workspace, speaker.job["name"], log, ("\n".join(lines) + "\n").encode())
        speaker.runs.update(speaker.job["id"], lines=list(lines))
