"""Stand-ins at the command line's own seams."""

from collections.abc import Mapping
from typing import Any

from ml.terminal.console import Report


class RecordingReport(Report):
    """Keeps what is told to the person."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def log(self, source: str, text: str) -> None:
        self.lines.append(f"{source} | {text}")

    def warn(self, text: str) -> None:
        self.lines.append(text)


class WorkspaceAssets:
    """Stands where `Azure.assets` does. there: what the workspace has, by path."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}

    def read(self, path: str, what: str) -> dict[str, Any] | None:
        return self.there.get(path)

    def write(self, path: str, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        self.there[path] = dict(body)
        return self.there[path]
