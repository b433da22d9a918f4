"""How a step fails: one line that says what is wrong, and an exit code that is not zero."""

from __future__ import annotations

import sys
from collections.abc import Callable


class StepError(Exception):
    """The step cannot do its work; the text names the input or setting and what is wrong with it."""


def exit_code(step: str, run: Callable[[], None]) -> int:
    """Run a step; 0, or 1 after its StepError was printed. Other exceptions show their traceback."""
    try:
        run()
    except StepError as error:
        print(f"{step}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0
