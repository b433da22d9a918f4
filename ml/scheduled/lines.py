"""Progress as lines of a job's log, where there is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO


class Lines:
    """Progress as lines of the job's log; it stands for the terminal's report."""

    def __init__(self, to: TextIO = sys.stdout) -> None:
        self._to = to

    @contextmanager
    def phase(self, title: str) -> Generator[None]:
        self._say(f"> {title}")
        began = time.monotonic()
        yield
        self._say(f"  {time.monotonic() - began:.1f} s")

    def line(self, text: str) -> None:
        self._say(f"  {text}")

    def log(self, source: str, text: str) -> None:
        self._say(f"  {source} | {text}")

    def warn(self, text: str) -> None:
        self._say(f"  warning: {text}")

    @contextmanager
    def transfer(self, title: str, total: int) -> Generator[Callable[[int], None]]:
        self._say(f"  {title} ({total / 1e6:.2f} MB)")
        yield lambda done: None

    def _say(self, text: str) -> None:
        print(text, file=self._to, flush=True)
