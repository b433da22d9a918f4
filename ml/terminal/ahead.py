"""What a command begins before its turn comes: it waits for another program, and not for the processor."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")


def ahead(call: Callable[[], Answer]) -> Callable[[], Answer]:
    """Begin the call in a thread; a function that waits for its answer, or raises what it raised."""
    found: Future[Answer] = Future()

    def work() -> None:
        try:
            found.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is asked for
            found.set_exception(error)

    Thread(target=work, daemon=True).start()
    return found.result
