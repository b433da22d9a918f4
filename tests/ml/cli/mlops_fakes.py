"""Stand-ins at the command line's own seams."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import HttpResponseError

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
    """Stands where `Azure.assets` does. there: what the workspace has, by path.

    meanwhile: what somebody else makes in the moment before the next write, which is refused for it.
    """

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self.meanwhile: dict[str, Any] | None = None

    def id(self, path: str) -> str:
        return f"ws/{path}"

    def read(self, path: str, what: str) -> dict[str, Any] | None:
        return self.there.get(path)

    def write(self, path: str, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        if self.meanwhile is not None:
            self.there[path], self.meanwhile = self.meanwhile, None
            raise HttpResponseError("(UserError) Asset paths cannot be updated.")
        self.there[path] = dict(body)
        return self.there[path]
