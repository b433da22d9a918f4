"""Reading a log that grows in a blob."""

import re

from ml.azure.clients import Azure, first_lines

TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def readable(line: bytes) -> str:
    """A line as a terminal shows it in the end: without colours, a progress bar in its last state."""
    text = TERMINAL_CODES.sub("", line.decode("utf-8", "replace"))
    return text.rstrip("\r").rpartition("\r")[2]


class RemoteLog:
    """Each read asks for the bytes after the last one and gives the lines that they finish."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._read = 0
        self._rest = b""
        self._refused = False

    def new_lines(self, url: str, final: bool = False) -> list[str]:
        """Lines without their ends; the last, unfinished one is kept back unless `final`.

        `url` carries its own permission and may change between two reads, as permissions expire.
        """
        from azure.core.exceptions import HttpResponseError

        try:
            data = self._azure.at_url(url).download_blob(offset=self._read).readall()
        except HttpResponseError as error:
            if error.status_code in (401, 403):  # who may start the work may not always read its log
                self._tell_refusal(error)
            elif error.status_code not in (404, 416):  # 404: not written yet; 416: nothing new
                raise
            data = b""
        self._read += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if final and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        return [readable(line) for line in lines]

    def _tell_refusal(self, error: Exception) -> None:
        if not self._refused:
            self._azure.report.warn(f"the log cannot be read from here: {first_lines(error, 1)[0]}")
        self._refused = True
