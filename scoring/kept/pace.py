"""When a part is written, and how much waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """A part is written when it has so many rows, or its first one is so old. `most_rows`: that wait in one
    process, those of the part included; a row of the example takes some 400 bytes at first, then 200."""

    part_rows: int = 50_000
    part_seconds: float = 60.0
    most_rows: int = 200_000
