"""How long to wait between two looks at what Azure is doing."""

from collections.abc import Iterator
from typing import Final

FIRST_S: Final = 0.1


def pauses(most: float) -> Iterator[float]:
    """Seconds before each next look, without an end: short ones first, each twice the one before, at the most
    `most`. What is soon over is soon seen, and what takes minutes is asked for no more often than is set.
    """
    pause = min(FIRST_S, most)
    while True:
        yield pause
        pause = min(2 * pause, most)
