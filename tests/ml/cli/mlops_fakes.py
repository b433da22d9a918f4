"""Stand-ins at the command line's own seams."""

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
