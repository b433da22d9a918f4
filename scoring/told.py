"""What was last told of a window's drift, by whichever process of a container: each change is told once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

BYTES: Final = 64  # of one window
WRITTEN, DRIFTED = range(2)


class Told:
    """How many rows the window had got when it was last evaluated by anybody, and what drifted then.

    memory: BYTES that all processes have in common; without it, this process's own. alone: keeps the other
    processes out while this one compares and writes.
    """

    def __init__(
        self,
        memory: memoryview | None = None,
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._state = (memoryview(bytearray(BYTES)) if memory is None else memory)[:BYTES].cast("Q")
        self._alone = alone

    def is_news(self, written: int, drifted: Iterable[str]) -> bool:
        """Whether these features are others than were told: then the caller tells it, and nobody else does.

        written: rows that the window had got before it was evaluated. Who evaluated earlier rows than another
        one has no news, though it comes later.
        """
        found = _digest(drifted)
        with self._alone():
            if written < self._state[WRITTEN]:
                return False
            self._state[WRITTEN] = written
            if found == self._state[DRIFTED]:
                return False
            self._state[DRIFTED] = found
            return True


def _digest(drifted: Iterable[str]) -> int:
    """0 of none, as the memory begins."""
    names = "\0".join(drifted)
    return int.from_bytes(hashlib.blake2b(names.encode(), digest_size=8).digest()) if names else 0
